import { isOver, progressOf, waveStages, type WaveStep } from './wave';

const steps: readonly WaveStep[] = ['gather', 'test', 'look', 'tryOut', 'awaitApproval', 'release'];

test('every step is ahead of a wave, then now, then behind it, in this order', () => {
  for (const [place, step] of steps.entries()) {
    const progress = waveStages.slice(0, steps.length + 1).map((stage) => progressOf(step, stage));
    expect(progress).toEqual([
      ...Array.from({ length: place }, () => 'ahead'),
      'now',
      ...Array.from({ length: steps.length - place }, () => 'behind'),
    ]);
  }
});

test('only a wave that is done or was stopped sends nothing more', () => {
  expect(waveStages.filter(isOver)).toEqual(['done', 'stopped']);
});
