import { randomUUID } from 'node:crypto';
import { Connection } from '@temporalio/client';
import { prepareNamespace } from './namespace';
import { createTestTemporal } from '../../test/support/temporal';

test('a namespace is made ready on a server that does not know it, and again without harm', async () => {
  const { address } = await createTestTemporal();
  const namespace = `made-${randomUUID()}`;
  await prepareNamespace(address, namespace);
  await prepareNamespace(address, namespace);
  const connection = await Connection.connect({ address });
  const attributes = await connection.operatorService.listSearchAttributes({ namespace });
  await connection.close();
  expect(attributes.customAttributes).toMatchObject({ YiyueStage: 2, YiyueStartedFor: 6 });
}, 60_000);
