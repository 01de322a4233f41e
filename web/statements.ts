/** What the service says of itself: accessibility and privacy. */
import type { FastifyInstance } from 'fastify';

/** Registers `/accessibility` and `/privacy`. */
export function statementPages(app: FastifyInstance): void {
  app.get('/accessibility', async (request, reply) => {
    const { title, paragraphs, problems } = request.words.t.accessibility;
    return reply.page('statement.njk', { title, paragraphs, closing: problems, back: '/' });
  });
  app.get('/privacy', async (request, reply) => {
    const { title, paragraphs, rights } = request.words.t.privacy;
    return reply.page('statement.njk', { title, paragraphs, closing: rights, back: '/' });
  });
}
