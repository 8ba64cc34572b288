import type { Cluster } from '../../src/cluster/cluster';
import type { Json } from './alerting-validate';

/** What the plugin cannot render, as its own words for it. */
export class RenderError extends Error {}

/** Lets the engine compile as many templates as tests have: its own limit is 75 in five minutes. */
let unlimited: Promise<unknown> | undefined;

/** Fills searches in as templates: with the Mustache of the real engine, as the plugin does, one compilation for each text. */
export class Renderer {
  /** The texts that were compiled; the plugin keeps a hundred of them. */
  readonly texts = new Set<string>();
  /** How many may be; more are refused. */
  most = Infinity;
  /** `compilation_limit_triggered` of the node. */
  refused = 0;

  constructor(private readonly engine: Cluster) {}

  /**
   * @param period milliseconds since 1970
   * @throws RenderError
   */
  async render(text: string, period: { readonly start: number; readonly end: number }): Promise<Json> {
    if (!this.texts.has(text) && this.texts.size >= this.most) {
      this.refused += 1;
      throw new RenderError(`[script] Too many dynamic script compilations within, max: [${this.most}/5m]`);
    }
    this.texts.add(text);
    const params = { period_start: period.start, period_end: period.end };
    unlimited ??= this.ask('PUT', '/_cluster/settings', {
      transient: { 'script.context.template.max_compilations_rate': 'unlimited' },
    });
    await unlimited;
    const { ok, body } = await this.ask('POST', '/_render/template', { source: text, params });
    if (!ok) throw new RenderError(JSON.stringify(body.error));
    return body.template_output as Json;
  }

  private async ask(method: string, path: string, body: Json): Promise<{ ok: boolean; body: Json }> {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${this.engine.url}${path}`, { method, headers, body: JSON.stringify(body) });
    return { ok: response.ok, body: (await response.json()) as Json };
  }
}
