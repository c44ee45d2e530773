import { PART_WORDS, PARTS } from "../lib/stages.ts";
import type { Viewer } from "../lib/viewer.ts";
import { waterfallPainter } from "../paint/waterfall.ts";
import { usePainter } from "./hooks.ts";

const ROWS = ["newest", "median"] as const;

/** Where the time of a frame went, for the newest and for the middle one of the last 240, on the scale of the budget. */
export function Waterfall({ viewer }: { viewer: Viewer }) {
  const root = usePainter<HTMLTableElement>(viewer, (element) => waterfallPainter(viewer, element));
  return (
    <table ref={root} class="waterfall">
      <thead>
        <tr>
          <th scope="col">ms</th>
          <td class="bars" />
          {PARTS.map((part) => (
            <th key={part} scope="col" title={PART_WORDS[part]}>
              <i data-part={part} />
              {part}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {ROWS.map((row) => (
          <tr key={row} data-row={row}>
            <th scope="row">{row}</th>
            <td class="bars" aria-hidden="true">
              <span class="track">
                {PARTS.map((part) => (
                  <i key={part} data-part={part} />
                ))}
                <span class="mark" />
              </span>
            </td>
            {PARTS.map((part) => (
              <td key={part} class="num" />
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
