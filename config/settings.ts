/** Settings: read from the environment and checked once at boot; a wrong one stops the process with a sentence. */
import envSchema from 'env-schema';
import { Type, type Static } from 'typebox';

const schema = Type.Object({
  YIYUE_MODE: Type.Union([Type.Literal('production'), Type.Literal('demonstration'), Type.Literal('test')], {
    default: 'production',
    description: 'demonstration and test allow the stepping clock, the SMS inbox page and the simulators',
  }),
  YIYUE_HOME: Type.String({ default: '.yiyue', description: 'folder of data, logs and generated keys' }),
  PORT: Type.Integer({ default: 8080, minimum: 0, maximum: 65_535, description: 'pages and API' }),
  HOST: Type.String({ default: '127.0.0.1', description: 'address that pages and API listen on' }),
  PUBLIC_ORIGIN: Type.String({
    default: '',
    description:
      'origin under which citizens reach the pages, e.g. https://vaccine.example; https makes cookies secure',
  }),
  TRUSTED_PROXIES: Type.String({
    default: '',
    description: 'addresses of proxies whose X-Forwarded-For counts',
  }),
  DATABASE_URL: Type.String({
    default: '',
    description: 'PostgreSQL of the ledger; empty at npm start: embedded',
  }),
  DATABASE_CONNECTIONS: Type.Integer({
    default: 8,
    minimum: 1,
    maximum: 100,
    description: 'pool of one process',
  }),
  WAITING_ROOM_PER_SECOND: Type.Integer({
    default: 100,
    minimum: 0,
    description:
      'people who may sign in each second at all API processes before there is a line; 0: no line ever',
  }),
  WAITING_ROOM_HOLD_MINUTES: Type.Integer({
    default: 5,
    minimum: 0,
    maximum: 60,
    description:
      'so long before an opening nobody is let in from the line: all who wait are drawn in random order',
  }),
  TEMPORAL_ADDRESS: Type.String({
    default: '',
    description: 'host:port of Temporal; empty at npm start: a dev server',
  }),
  TEMPORAL_NAMESPACE: Type.String({ default: 'default', description: 'namespace of all workflows' }),
  TEMPORAL_TASK_QUEUE: Type.String({ default: 'citizen', description: 'task queue of citizens and rounds' }),
  TEMPORAL_UI_URL: Type.String({ default: '', description: 'where operations find the Temporal UI' }),
  METRICS_PORT: Type.Integer({
    default: 0,
    minimum: 0,
    maximum: 65_535,
    description: 'Prometheus metrics of a worker process; 0 serves none',
  }),
  TRACES_URL: Type.String({
    default: '',
    description: 'where OpenTelemetry traces go, e.g. http://collector:4318/v1/traces; empty for no traces',
  }),
  TRACES_SHARE: Type.Number({
    default: 0.01,
    minimum: 0,
    maximum: 1,
    description: 'share of the requests that are traced',
  }),
  SMS_GATEWAY_URL: Type.String({
    default: '',
    description: 'smpp(s)://user:password@host:port or https://user:password@host/path',
  }),
  SMS_RATE_PER_SECOND: Type.Integer({
    default: 50,
    minimum: 1,
    description: 'what the gateway contract allows all senders together',
  }),
  SMS_WINDOW: Type.Integer({
    default: 256,
    minimum: 1,
    maximum: 10_000,
    description: 'texts that one sender may have out without a recorded answer',
  }),
  SMS_REFERENCE_TAG: Type.Integer({
    default: 0x1401,
    minimum: 0,
    maximum: 0x3ffe,
    description: 'SMPP vendor TLV by which the gateway recognises repeats; 0 for a gateway that has none',
  }),
  SMS_INBOX_URL: Type.String({ default: '', description: 'inbox of the SMS simulator (demonstration)' }),
  SMTP_URL: Type.String({
    default: '',
    description: 'mail server: smtp(s)://user:password@host:port; in production it has to offer TLS',
  }),
  MAIL_FROM: Type.String({
    default: '健保卡網路服務 <noreply@yiyue.example>',
    description: 'sender of mails, as it stands in them',
  }),
  MAIL_INBOX_URL: Type.String({ default: '', description: 'inbox of the mail simulator (demonstration)' }),
  CARD_BRIDGE_URL: Type.String({
    default: 'http://127.0.0.1:17777',
    description: 'where pages find the card bridge on the computer of whoever visits them',
  }),
  STATION_CARD_BRIDGE_URL: Type.String({
    default: '',
    description: 'the same for the computers of stations; empty: as for everybody',
  }),
  CITIZEN_CERTIFICATE_AUTHORITIES: Type.String({
    default: '',
    description:
      'file (PEM) with root and authorities of the Citizen Digital Certificate; empty: nobody signs in with one',
  }),
  INSURANCE_REGISTRY_URL: Type.String({
    default: '',
    description: 'insurance registry that confirms number and card',
  }),
  CARRIERS_URL: Type.String({
    default: '',
    description: 'gateway of the mobile carriers, for quick authentication; empty: it is not offered',
  }),
  YIYUE_DATA_KEYS: Type.String({
    default: '',
    description: 'data keys id:base64[,id:base64]; the last encrypts',
  }),
  YIYUE_INDEX_KEY: Type.String({ default: '', description: 'key of the blind index, base64, 32 bytes' }),
  YIYUE_SESSION_KEY: Type.String({
    default: '',
    description: 'key that seals session cookies, base64, 32 bytes',
  }),
  YIYUE_CAPTCHA_KEY: Type.String({
    default: '',
    description: 'key that signs captcha challenges, base64, 32 bytes',
  }),
  YIYUE_SETTLEMENT_KEY: Type.String({
    default: '',
    description: 'key that signs settlements, base64, 32 bytes; of the citizen worker alone',
  }),
});

export type Settings = Static<typeof schema>;

/** What every JSON schema may say of itself; TypeBox keeps it out of its types. */
interface Described {
  readonly default?: string | number;
  readonly description?: string;
}

/** Name, default and meaning of every setting, for `npm start -- --help` and the docs. */
export const settingDescriptions = Object.entries(schema.properties as Record<string, Described>).map(
  ([name, property]) => ({
    name,
    default: property.default === undefined ? '' : String(property.default),
    description: property.description ?? '',
  }),
);

/**
 * Reads and checks the settings. `required` names those that this process cannot do without.
 * Throws an error whose message is one sentence naming the setting.
 */
export function readSettings(required: readonly (keyof Settings)[]): Settings {
  const settings = envSchema<Settings>({ schema });
  const missing = required.filter((name) => settings[name] === '');
  if (missing.length > 0) throw new Error(`These settings are missing: ${missing.join(', ')}.`);
  return settings;
}
