#!/usr/bin/env node
import { Command } from "commander";
import { addBundle } from "./cli/bundle.ts";
import { addCheck } from "./cli/check.ts";
import { addDoctor } from "./cli/doctor.ts";
import { fail } from "./cli/fail.ts";
import { addRecord } from "./cli/record.ts";
import { addRig } from "./cli/rig.ts";
import { addRun } from "./cli/run.ts";
import { addSources } from "./cli/sources.ts";
import { addSwitch } from "./cli/switch.ts";
import { addToken } from "./cli/token.ts";
import { addTrace } from "./cli/trace.ts";

const program = new Command("phosphene")
  .description("Spikes in, pictures out, on a deadline.")
  .version("0.1.0")
  .showHelpAfterError();
for (const add of [
  addRun,
  addRecord,
  addRig,
  addCheck,
  addBundle,
  addSources,
  addSwitch,
  addTrace,
  addToken,
  addDoctor,
])
  add(program);
await program.parseAsync().catch(fail);
