import { connectSmsGateway } from './connect';
import { HttpGateway } from './http-gateway';
import { referenceTlv } from './reference-tlv';
import { SmppGateway } from './smpp-gateway';

describe('connecting an SMS gateway', () => {
  test.each([
    ['smpp://sys:pw@127.0.0.1:1', SmppGateway],
    ['smpps://sys:pw@127.0.0.1:1', SmppGateway],
    ['http://user:p%40ss@127.0.0.1:1/api/mtk', HttpGateway],
    ['https://user:pw@127.0.0.1:1/api/mtk', HttpGateway],
  ])('%s chooses the adapter', async (url, adapter) => {
    const gateway = connectSmsGateway({ url, smpp: { responseTimeoutMs: 100 } });
    expect(gateway).toBeInstanceOf(adapter);
    await gateway.close();
  });

  test.each(['ftp://user:secret@host', 'smpp://host:2775', 'http://user@host', 'secret', ''])(
    '%p is refused without being repeated',
    (url) => {
      let message = '';
      try {
        connectSmsGateway({ url });
      } catch (error) {
        message = String(error);
      }
      expect(message).toContain('the SMS gateway');
      expect(message).not.toContain('secret');
    },
  );

  test.each([0x1001, 0x13ff, 0x3fff, 0x4000])('tag %p is outside the vendor range', (tag) => {
    expect(() => referenceTlv(tag)).toThrow(RangeError);
  });
});
