import type { HelloBody, LatentGroup } from "../../../src/protocol/messages.ts";
import type { Viewer } from "../lib/viewer.ts";
import { type Gauge, gaugePainter } from "../paint/bars.ts";
import { latentsPainter } from "../paint/latents.ts";
import { trailPainter } from "../paint/latents-trail.ts";
import { usePainter } from "./hooks.ts";

/** Full meter, bits for each latent: a latent known to an eighth of its prior's spread carries three. */
const BITS_A_LATENT = 3;

interface Part {
  viewer: Viewer;
  group: LatentGroup;
  index: number;
  from: number;
  /** The bundle can tell bits: else there is no meter. */
  hasBits: boolean;
}

function Group({ viewer, group, index, from, hasBits }: Part) {
  const gauge: Gauge = {
    read: ({ state }) => state.latents?.bits[index] ?? null,
    fails: () => false,
    full: BITS_A_LATENT * group.size,
    digits: 1,
  };
  const meter = usePainter<HTMLDivElement>(viewer, (element) => gaugePainter(viewer, element, gauge));
  const canvas = usePainter<HTMLCanvasElement>(viewer, (element) => latentsPainter(viewer, element, from, group.size));
  const trail = usePainter<HTMLCanvasElement>(
    viewer,
    (element) => trailPainter(viewer, element, from, group.size),
    "",
    "series",
  );
  return (
    <div class="group">
      <div ref={meter} class="group-head">
        <span class="name">{group.name}</span>
        <span class="num" hidden={!hasBits} />
        <span class="unit" hidden={!hasBits}>
          bits
        </span>
        <span class="track" hidden={!hasBits}>
          <span class="fill" />
        </span>
      </div>
      <canvas
        ref={canvas}
        class="now-bars"
        role="img"
        aria-label={`${group.size} latents of the group ${group.name}, mean and spread`}
      />
      <canvas ref={trail} class="trail" role="img" aria-label="the same over the last ten seconds" />
    </div>
  );
}

/** The posterior, a panel for each latent group. */
export function Latents({ viewer, bundle }: { viewer: Viewer; bundle: HelloBody["bundle"] | null }) {
  const groups = bundle?.latents.groups ?? [];
  const hasBits = bundle?.evidence.missing.bits === undefined;
  let from = 0;
  const placed = groups.map((group, index) => {
    const place = { group, index, from };
    from += group.size;
    return place;
  });
  return (
    <section class="panel latents" aria-labelledby="latents-title">
      <div class="head">
        <h2 id="latents-title">Latents</h2>
        <span class="hint">
          {bundle && groups.length === 0
            ? "this decoder has none"
            : `mean${hasBits ? " ± sd" : ""}, lines at ±2 sd of the prior; below, the last 10 s`}
        </span>
      </div>
      <div class="groups" data-count={groups.length}>
        {placed.map((place) => (
          <Group key={place.group.name} viewer={viewer} hasBits={hasBits} {...place} />
        ))}
      </div>
    </section>
  );
}
