import { readStackInfo, type StackInfo } from '../../scripts/stack/info.ts';
import { controlClient } from '../support/control-client.ts';
import { runCrowd } from './crowd.ts';
import { parseCrowdArguments, usage } from './options.ts';
import { crowdReport } from './report.ts';

/** `npm run crowd`; returns the exit code. */
async function main(): Promise<number> {
  const invocation = parseCrowdArguments(process.argv.slice(2));
  switch (invocation.kind) {
    case 'help':
      console.log(usage);
      return 0;
    case 'wrong':
      console.error(`${invocation.mistakes.join('\n')}\n\n${usage}`);
      return 2;
    case 'run':
  }
  const { options } = invocation;
  const info = stackOf(options.stack);
  if (info === undefined) {
    console.error(`There is no running stack in ${options.stack}: start one with npm start.`);
    return 2;
  }
  const control = controlClient(info.controlUrl, info.adminKey);
  const say = (line: string) => console.log(line);
  const result = await runCrowd(options, { edgeUrl: info.edgeUrl, control, say });
  const { lines, isFair } = crowdReport(result);
  for (const line of lines) say(line);
  return isFair && result.isComplete ? 0 : 1;
}

function stackOf(file: string): StackInfo | undefined {
  try {
    return readStackInfo(file);
  } catch {
    return undefined;
  }
}

// Kept-alive connections would hold the process for some seconds.
process.exit(await main());
