/**
 * How answers are written: one serializer a shape, made when the first answer of that shape is.
 *
 * Left alone Fastify makes one for every status of every route while the app starts, some thousand here, of which
 * most are never asked for or are the same problem document once more. That took seconds of each start.
 */
import makerOfSerializers from '@fastify/fast-json-stringify-compiler';
import type { FastifySerializerCompiler } from 'fastify';

type ShapeOf = Parameters<FastifySerializerCompiler<unknown>>[0];
type Serializer = ReturnType<FastifySerializerCompiler<unknown>>;

const make = makerOfSerializers()() as FastifySerializerCompiler<unknown>;
/** Of all apps of this process, by the shape's JSON. */
const made = new Map<string, Serializer>();

/** For `setSerializerCompiler`. A shape that cannot be written is noticed at its first answer. */
export function serializerWhenAsked(shape: ShapeOf): Serializer {
  let serializer: Serializer | undefined;
  return (answer) => {
    serializer ??= serializerOf(shape);
    return serializer(answer);
  };
}

function serializerOf(shape: ShapeOf): Serializer {
  const text = JSON.stringify(shape.schema);
  const known = made.get(text);
  if (known) return known;
  const serializer = make(shape);
  made.set(text, serializer);
  return serializer;
}
