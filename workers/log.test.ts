import { errorFields, openLog } from './log';

const lines: string[] = [];
const log = openLog('test', { write: (line) => void lines.push(line) });
beforeEach(() => lines.splice(0));

test('a line holds named fields only, whatever object it is given', () => {
  const row = { personKey: 'k', name: '甄健康', mobile: '0900000678', number: 'A123456789' };
  log.warn('something', row);
  expect(lines.join('')).toContain('"personKey":"k"');
  expect(lines.join('')).not.toMatch(/甄健康|0900000678|A123456789/);
});

test('of an error the class, the code and the place are told, never what it quotes', () => {
  const error = Object.assign(new Error('duplicate key (A123456789) already exists'), { code: '23505' });
  log.error('a command failed', errorFields(error));
  expect(lines.join('')).toContain('"code":"23505"');
  expect(lines.join('')).toContain('log.test.ts');
  expect(lines.join('')).not.toContain('A123456789');
});
