/** Dashboard and alerts, held against what the processes really measure and against the runbook. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parser } from '@prometheus-io/lezer-promql';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { parse } from 'yaml';
import { projectRoot } from '../../config/project-root';

/** The end of a heading's address. */
const anchorOf = (heading: string) => heading.toLowerCase().replaceAll(' ', '-');

const read = (file: string) => readFileSync(path.join(projectRoot, file), 'utf8');

interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly runbook: string };
}

const { groups } = parse(read('monitoring/alerts.yml')) as {
  groups: readonly { readonly rules: readonly AlertRule[] }[];
};
const alerts = groups.flatMap(({ rules }) => rules);

interface Panel {
  readonly title: string;
  readonly description?: string;
  readonly type: string;
  readonly targets?: readonly { readonly expr: string }[];
}

const { panels } = JSON.parse(read('monitoring/dashboard.json')) as { readonly panels: readonly Panel[] };
const graphs = panels.filter(({ type }) => type !== 'row');

/** What an expression asks for; throws for one that Prometheus would not understand. */
function metricsIn(expression: string): readonly string[] {
  const names: string[] = [];
  parser.parse(expression).iterate({
    enter(node) {
      if (node.type.isError) throw new Error(`not PromQL at ${String(node.from)}: ${expression}`);
      if (node.name === 'VectorSelector') {
        const name = node.node.getChild('Identifier');
        if (name) names.push(expression.slice(name.from, name.to));
      }
    },
  });
  return names;
}

/** Metrics that the engine's SDK measures by itself, as its worker serves them. */
const ofTheSdk = [
  'temporal_workflow_task_schedule_to_start_latency',
  'temporal_workflow_task_execution_failed',
  'temporal_sticky_cache_size',
];

/** Every metric that our sources declare; what an activity measures is served under the SDK's prefix. */
function measured(): ReadonlySet<string> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const declared = ['api', 'workers', 'activities'].flatMap((folder) =>
    readdirSync(path.join(projectRoot, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
      .flatMap((file) => [
        ...read(path.join(folder, file)).matchAll(/(?:name:|gauge\()\s*'([a-z]+(?:_[a-z]+)+)'/g),
      ])
      .map(([, name = '']) => (folder === 'activities' ? `temporal_${name}` : name)),
  );
  const defaults = registry.getMetricsAsArray().map(({ name }) => name);
  return new Set(['up', ...declared, ...defaults, ...ofTheSdk]);
}

/** A histogram's series carry its name with an ending. */
const known = measured();
const isMeasured = (metric: string) =>
  known.has(metric) || known.has(metric.replace(/_(bucket|count|sum)$/, ''));

describe('an alert', () => {
  test.each(alerts.map((rule) => [rule.alert, rule] as const))(
    '%s judges figures that exist',
    (_, { expr }) => {
      const asked = metricsIn(expr);
      expect(asked.length).toBeGreaterThan(0);
      expect(asked.filter((metric) => !isMeasured(metric))).toEqual([]);
    },
  );

  test.each(alerts.map((rule) => [rule.alert, rule] as const))('%s has its runbook', (alert, rule) => {
    const [file = '', anchor] = rule.annotations.runbook.split('#');
    const headings = [...read(file).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading));
    expect(anchor).toBe(anchorOf(alert));
    expect(headings).toContain(anchor);
    expect(['page', 'ticket']).toContain(rule.labels.severity);
  });
});

describe('the dashboard', () => {
  test.each(graphs.map((panel) => [panel.title, panel] as const))(
    '%s draws figures that exist',
    (_, panel) => {
      const asked = (panel.targets ?? []).flatMap(({ expr }) => metricsIn(expr));
      expect(asked.length).toBeGreaterThan(0);
      expect(asked.filter((metric) => !isMeasured(metric))).toEqual([]);
    },
  );

  test('says of every panel what it tells', () => {
    expect(graphs.filter(({ description = '' }) => description.length < 10)).toEqual([]);
  });
});

describe('the control', () => {
  test('a metric that nobody measures is found', () => {
    expect(metricsIn('sum(rate(no_such_total[5m])) > 0').filter((metric) => !isMeasured(metric))).toEqual([
      'no_such_total',
    ]);
  });

  test('an expression that Prometheus would not understand is found', () => {
    expect(() => metricsIn('sum(rate(up[5m])')).toThrow('not PromQL');
  });
});
