/** The process of casework: its workflows, what starts them, and the mails of card accounts. */
import { createSmtpMail } from '../gateways/mail/smtp-mail';
import { caseworkTaskQueue } from '../workflows/card-account/messages';
import { startAccountCarrier } from './account-carrier';
import { installRuntime, runCaseworkWorker } from './citizen-worker';
import { startMailDelivery } from './mail-delivery';
import { runProcess } from './process';
import { openTemporalClient } from './temporal-client';

void runProcess(
  'casework',
  ['SMTP_URL', 'MAIL_FROM', 'PUBLIC_ORIGIN'],
  ({ settings, log, ledger, metrics, tracing }) => {
    const place = { address: settings.TEMPORAL_ADDRESS, namespace: settings.TEMPORAL_NAMESPACE };
    installRuntime(log);
    const temporal = openTemporalClient(place, tracing);
    const taskQueue = caseworkTaskQueue;
    const stopping = new AbortController();
    const running = runCaseworkWorker(
      { ...place, ledger, taskQueue, log, ...(tracing && { tracing }) },
      stopping.signal,
    );
    const carrier = startAccountCarrier({ ledger, temporal, taskQueue, log, metrics });
    const gateway = createSmtpMail({
      url: settings.SMTP_URL,
      from: settings.MAIL_FROM,
      requireTls: settings.YIYUE_MODE === 'production',
    });
    const delivery = startMailDelivery({
      ledger,
      gateway,
      publicOrigin: settings.PUBLIC_ORIGIN,
      log,
      metrics,
    });
    return {
      stop: async () => {
        stopping.abort();
        await Promise.all([running, carrier.stop(), delivery.stop()]);
        await gateway.close();
        await temporal.close();
      },
    };
  },
);
