/** Holds the first latent of the decoded state at zero: steers against what it sees, frame by frame, with RxJS: `node clients/ts/examples/close-a-loop.ts [URL]`. */
import { exhaustMap, lastValueFrom, take, tap } from "rxjs";
import { connect } from "../index.ts";
import { observe } from "../rxjs.ts";

using client = connect(process.argv[2] ?? "http://127.0.0.1:8787");
const { name } = (await client.opened()).bundle.latents.groups[0]!;
const against = (mu: Float32Array) => client.steer({ gamma: { [name]: Math.max(-10, Math.min(10, -mu[0]!)) } });
const loop$ = observe(client).latents$.pipe(
  exhaustMap(async ({ seq, mu }) => ({ seq, steered: await against(mu) })),
  tap(({ seq, steered }) =>
    console.log(`seen in frame ${seq}, answered from frame ${steered.seq}: ${steered.gamma[0]}`),
  ),
  take(5),
);
await lastValueFrom(loop$);
// Steering stays when whoever steered leaves.
await client.steer({ gamma: {} });
