/**
 * The stand-ins for outside systems as one process: SMS centre, mail server, insurance registry and
 * mobile carriers, each
 * listening where the settings say that the real one is reached. Demonstration and tests only.
 */
import path from 'node:path';
import closeWithGrace from 'close-with-grace';
import { readSettings } from '../config/settings';
import { startCarriersSimulator } from '../gateways/carriers/simulator';
import { startRegistrySimulator } from '../gateways/insurance-registry/simulator';
import { startMailSimulator } from '../gateways/mail/simulator';
import { startSmsSimulator } from '../gateways/sms/simulator';
import { PlainFailure, failWith } from './runtime/failure';

/** Something that listens until it is closed. */
interface Listening {
  close(): Promise<void>;
}

async function main(): Promise<void> {
  const settings = readSettings([]);
  if (settings.YIYUE_MODE === 'production') {
    throw new PlainFailure('Simulators do not run in production: give the addresses of the real systems.');
  }
  // Inside a container only the container itself stands on the loopback address.
  const host = settings.HOST;
  const running: Listening[] = [];
  if (settings.SMS_GATEWAY_URL !== '') {
    const gateway = new URL(settings.SMS_GATEWAY_URL);
    running.push(
      await startSmsSimulator({
        host,
        smppPort: Number(gateway.port),
        httpPort: Number(new URL(settings.SMS_INBOX_URL).port),
        username: decodeURIComponent(gateway.username),
        password: decodeURIComponent(gateway.password),
        inboxFile: path.join(settings.YIYUE_HOME, 'sms-inbox.jsonl'),
      }),
    );
  }
  if (settings.SMTP_URL !== '') {
    const server = new URL(settings.SMTP_URL);
    running.push(
      await startMailSimulator({
        host,
        smtpPort: Number(server.port),
        httpPort: Number(new URL(settings.MAIL_INBOX_URL).port),
        username: decodeURIComponent(server.username),
        password: decodeURIComponent(server.password),
        inboxFile: path.join(settings.YIYUE_HOME, 'mail-inbox.jsonl'),
      }),
    );
  }
  if (settings.INSURANCE_REGISTRY_URL !== '') {
    running.push(
      await startRegistrySimulator({
        host,
        databaseUrl: settings.DATABASE_URL,
        port: Number(new URL(settings.INSURANCE_REGISTRY_URL).port),
      }),
    );
  }
  if (settings.CARRIERS_URL !== '') {
    running.push(
      await startCarriersSimulator({
        host,
        databaseUrl: settings.DATABASE_URL,
        port: Number(new URL(settings.CARRIERS_URL).port),
      }),
    );
  }
  closeWithGrace({ delay: 5_000, logger: false }, async () => {
    await Promise.all(running.map((one) => one.close()));
  });
}

main().catch(failWith);
