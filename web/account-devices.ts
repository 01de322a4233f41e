/** One's own devices (裝置管理): the list, their names, removing one, and the code that binds another. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import QRCode from 'qrcode';

import { bindAddress } from '../api/device-proof/bind-address';
import { deviceNameLength, parseDeviceName } from '../domain/device-binding/device-binding';
import { boundDevicesOf, type BoundDevice } from '../ledger/bound-device';
import { readDeviceCode } from '../ledger/device-code';
import { behindSignIn } from './citizen-page';
import { field, formContext, formErrors, hasErrors, parameter, type FormErrors } from './forms';
import { refusalPage } from './refusals';
import type { Words } from './words';

/** Registers `/account/devices` and `/account/devices/code`. */
export function devicePages(app: FastifyInstance): void {
  const { page, form } = behindSignIn(app);

  app.get('/account/devices', page, async (request, reply) => {
    return listPage(app, request, reply, parameter(request, 'done'));
  });

  app.get('/account/devices/change', page, async (request, reply) => {
    return changePage(app, request, reply, parameter(request, 'device'), formErrors({}));
  });

  app.post('/account/devices/change', form, async (request, reply) => {
    const { t } = request.words;
    const boundDeviceId = field(request, 'device');
    const name = parseDeviceName(field(request, 'deviceName'));
    const found = formErrors({
      deviceName: name === undefined ? t.devices.nameWrong(deviceNameLength) : undefined,
    });
    if (name === undefined || !uuid.test(boundDeviceId))
      return changePage(app, request, reply, boundDeviceId, found);
    const outcome = await app.acts.renameDevice(formContext(request), { boundDeviceId, name });
    if (!outcome.ok) return refusalPage(request, reply, outcome.refusal);
    return reply.redirect('/account/devices?done=renamed', 303);
  });

  app.post('/account/devices/remove', form, async (request, reply) => {
    const boundDeviceId = field(request, 'device');
    if (!uuid.test(boundDeviceId)) return refusalPage(request, reply, { code: 'deviceUnknown' });
    const outcome = await app.acts.removeDevice(formContext(request), { boundDeviceId });
    if (!outcome.ok) return refusalPage(request, reply, outcome.refusal);
    return reply.redirect('/account/devices?done=removed', 303);
  });

  app.post('/account/devices/code', form, async (request, reply) => {
    const outcome = await app.acts.makeDeviceCode(formContext(request));
    if (!outcome.ok) return refusalPage(request, reply, outcome.refusal);
    request.session.set('deviceCodeId', outcome.value.deviceCodeId);
    return reply.redirect('/account/devices/code', 303);
  });

  app.get('/account/devices/code', page, async (request, reply) => {
    const { words } = request;
    const { t, clock } = words;
    const made = request.session.get('deviceCodeId');
    const { personKey } = request.requireCitizen();
    const code = made === undefined ? undefined : await readDeviceCode(app.ledger, personKey, made);
    return reply.page('account/device-code.njk', {
      title: code ? t.devices.codeTitle : t.devices.codeOverTitle,
      back: '/account/devices',
      code: code && {
        text: code.code,
        until: `${words.day(code.expiresAt)}${words.language === 'zh' ? '' : ', '}${clock(code.expiresAt)}`,
        picture: await qrPicture(bindAddress(app.ownOrigin(request), code.code)),
      },
      address: `${app.ownOrigin(request)}/app`,
    });
  });
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

async function qrPicture(address: string): Promise<string> {
  const svg = await QRCode.toString(address, { type: 'svg', margin: 2, errorCorrectionLevel: 'M' });
  return `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`;
}

async function listPage(
  app: FastifyInstance,
  request: FastifyRequest,
  reply: FastifyReply,
  done: string,
): Promise<FastifyReply> {
  const { words } = request;
  const { t } = words;
  const devices = await boundDevicesOf(app.ledger, request.requireCitizen().personKey);
  return reply.page('account/devices.njk', {
    title: t.devices.title,
    back: '/account',
    done: { renamed: t.devices.renamed, removed: t.devices.removed }[done],
    devices: devices.map((device) => viewOf(device, words)),
  });
}

async function changePage(
  app: FastifyInstance,
  request: FastifyRequest,
  reply: FastifyReply,
  boundDeviceId: string,
  found: FormErrors,
): Promise<FastifyReply> {
  const { words } = request;
  const devices = await boundDevicesOf(app.ledger, request.requireCitizen().personKey);
  const device = devices.find((each) => each.boundDeviceId === boundDeviceId);
  if (!device) return refusalPage(request, reply, { code: 'deviceUnknown' });
  return reply.page(
    'account/device.njk',
    {
      title: words.t.devices.changeTitle,
      back: '/account/devices',
      device: viewOf(device, words),
      ...found,
    },
    hasErrors(found) ? 422 : 200,
  );
}

function viewOf(device: BoundDevice, { t, moment }: Words) {
  return {
    boundDeviceId: device.boundDeviceId,
    name: device.name,
    kind: t.devices.kinds[device.kind],
    bound: t.devices.boundAt(moment(device.boundAt), t.devices.ways[device.boundBy]),
    used: device.lastUsedAt === null ? t.devices.neverUsed : t.devices.usedAt(moment(device.lastUsedAt)),
  };
}
