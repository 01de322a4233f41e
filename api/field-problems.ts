/** Says which field of a request does not have the required form, in both languages and without repeating it. */
import type { FieldProblem } from './problems';

interface ValidationIssue {
  readonly keyword?: string;
  readonly schemaPath?: string;
  readonly instancePath?: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

interface ValidationFailure {
  readonly validation: readonly ValidationIssue[];
  readonly validationContext?: string;
}

const parts: Readonly<Record<string, FieldProblem['part']>> = {
  body: 'body',
  querystring: 'query',
  params: 'path',
  headers: 'header',
};

const mostNamed = 10;

/** True for what Fastify throws when a request does not match the route's schema. */
export function isValidationFailure(error: unknown): error is ValidationFailure {
  return error instanceof Error && 'validation' in error && Array.isArray(error.validation);
}

/** The fields at fault, at most ten, each named once. */
export function fieldProblems(failure: ValidationFailure): readonly FieldProblem[] {
  const part = parts[failure.validationContext ?? 'body'] ?? 'body';
  const named = new Map<string, FieldProblem>();
  for (const issue of issuesOfMeant(failure.validation)) {
    for (const pointer of pointersOf(issue)) {
      if (!named.has(pointer)) named.set(pointer, { pointer, part, ...reasonOf(issue) });
    }
  }
  return [...named.values()].slice(0, mostNamed);
}

/**
 * Of a body that may be one of several, told apart by a constant, only what is wrong with the one that was meant; only
 * the constant itself where it names none, and only what all of them ask for where it is missing.
 */
function issuesOfMeant(issues: readonly ValidationIssue[]): readonly ValidationIssue[] {
  const memberOf = ({ schemaPath = '' }: ValidationIssue) => /^#\/anyOf\/\d+/.exec(schemaPath)?.[0];
  const toldApart = (issue: ValidationIssue): boolean =>
    issue.keyword === 'const' && memberOf(issue) !== undefined;
  const notMeant = new Set(issues.filter(toldApart).map(memberOf));
  if (notMeant.size === 0) return askedByAll(issues, memberOf) ?? issues;
  const ofMeant = issues.filter((issue) => memberOf(issue) !== undefined && !notMeant.has(memberOf(issue)));
  return ofMeant.length > 0 ? ofMeant : issues.filter(toldApart);
}

function askedByAll(
  issues: readonly ValidationIssue[],
  memberOf: (issue: ValidationIssue) => string | undefined,
): readonly ValidationIssue[] | undefined {
  const missing = issues.filter((issue) => issue.keyword === 'required' && memberOf(issue) !== undefined);
  const members = new Set(issues.map(memberOf).filter((member) => member !== undefined));
  const lists = missing.map(({ params }) => params?.['requiredProperties']).filter(Array.isArray);
  const [first = [], ...others] = lists as string[][];
  const common = first.filter((name) => others.every((list) => list.includes(name)));
  const all = members.size > 1 && missing.length === members.size && common.length > 0;
  return all ? [{ keyword: 'required', params: { requiredProperties: common } }] : undefined;
}

/** Missing fields are named by the schema, so they may be told; unknown ones came from outside and may not. */
function pointersOf({ keyword, instancePath = '', params }: ValidationIssue): readonly string[] {
  // What a schema forbids outright is named by who sent it.
  if (keyword === 'boolean') return [];
  const path = /^[\w/~-]{0,100}$/.test(instancePath) ? instancePath : '';
  if (keyword !== 'required') return [path];
  const missing = params?.['requiredProperties'] ?? params?.['missingProperty'];
  const names = Array.isArray(missing) ? missing.map(String) : [String(missing)];
  return names.map((name) => `${path}/${name}`);
}

const reasons: Readonly<Record<string, readonly [zh: string, en: string]>> = {
  required: ['此欄位必填。', 'This field is required.'],
  additionalProperties: ['含有未定義的欄位。', 'There is a field that is not defined.'],
  unevaluatedProperties: ['含有未定義的欄位。', 'There is a field that is not defined.'],
  type: ['資料型別不正確。', 'The type is not the required one.'],
  pattern: ['格式不正確。', 'The form is not the required one.'],
  format: ['格式不正確。', 'The form is not the required one.'],
  minLength: ['內容太短。', 'The text is too short.'],
  maxLength: ['內容太長。', 'The text is too long.'],
  minItems: ['項目太少。', 'There are too few items.'],
  maxItems: ['項目太多。', 'There are too many items.'],
  uniqueItems: ['項目重複。', 'An item is repeated.'],
  minimum: ['數值太小。', 'The number is too small.'],
  maximum: ['數值太大。', 'The number is too large.'],
  enum: ['不是可用的選項。', 'This is not one of the choices.'],
  const: ['不是可用的選項。', 'This is not one of the choices.'],
  anyOf: ['不是可用的選項。', 'This is not one of the choices.'],
};

function reasonOf({ keyword = '' }: ValidationIssue): { readonly zh: string; readonly en: string } {
  const [zh, en] = reasons[keyword] ?? ['內容不正確。', 'The value is not valid.'];
  return { zh, en };
}
