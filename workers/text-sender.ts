/** The process that sends text messages. */
import { connectSmsGateway } from '../gateways/sms/connect';
import { runProcess } from './process';
import { startTextDelivery } from './text-delivery';

void runProcess('text-sender', ['SMS_GATEWAY_URL'], ({ settings, log, ledger, metrics }) => {
  const window = settings.SMS_WINDOW;
  const gateway = connectSmsGateway({
    url: settings.SMS_GATEWAY_URL,
    smpp: { maxInFlight: window, referenceTag: settings.SMS_REFERENCE_TAG || null },
  });
  const delivery = startTextDelivery({
    ledger,
    gateway,
    ratePerSecond: settings.SMS_RATE_PER_SECOND,
    window,
    log,
    metrics,
  });
  return {
    stop: async () => {
      await delivery.stop();
      await gateway.close();
    },
  };
});
