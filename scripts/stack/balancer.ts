import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { type Command, dieWithParent } from '../toolchain/command.ts';
import { repositoryFolder } from '../toolchain/folders.ts';
import type { ProcessSpec } from './managed-process.ts';
import { httpAnswers } from './probe.ts';
import { checkoutUrls, loopbackUrl, type ServicePlan } from './services.ts';

export type BalancerPlace = {
  /** Everything that nginx reads and writes. */
  folder: string;
  port: number;
  /** The instances, as `host:port`. */
  upstreams: string[];
  /** Limits count for loopback addresses too. */
  limitLoopback: boolean;
  /** Proxies that are believed, and the header in which they tell a client's address. */
  trusted?: { proxies: string[]; header: string };
};

/** The stack's own balancer, with its files in the data folder. */
export function balancerSpec(plan: ServicePlan, nginx: Command): ProcessSpec {
  const place: BalancerPlace = {
    folder: join(plan.dataDir, 'nginx'),
    port: plan.ports.balancer,
    upstreams: checkoutUrls(plan.ports).map((url) => new URL(url).host),
    limitLoopback: plan.settings.FAIRGATE_LIMIT_LOOPBACK === '1',
  };
  const url = loopbackUrl(place.port);
  return {
    name: 'balancer',
    url,
    command: balancerCommand(nginx, place.folder),
    isReady: () => httpAnswers(`${url}/healthz`),
    beforeStart: () => writeBalancerFiles(place),
    stopSignal: 'SIGTERM',
  };
}

/** nginx in the foreground, knowing no file outside `folder`. */
export function balancerCommand(nginx: Command, folder: string): Command {
  const config = ['-p', `${folder}/`, '-c', join(folder, 'nginx.conf'), '-e', 'stderr'];
  const args = [...nginx.args, ...config, '-g', 'daemon off;'];
  return dieWithParent({ ...nginx, args }, 'TERM');
}

/** deploy/nginx as it is deployed, and beside it what holds for this place. */
export function writeBalancerFiles(place: BalancerPlace): void {
  const { folder } = place;
  const source = join(repositoryFolder, 'deploy', 'nginx');
  for (const name of ['parts', 'place'])
    rmSync(join(folder, name), { recursive: true, force: true });
  for (const name of ['temp', 'files', 'place']) mkdirSync(join(folder, name), { recursive: true });
  for (const name of ['nginx.conf', 'parts']) {
    cpSync(join(source, name), join(folder, name), { recursive: true });
  }
  writeFileSync(join(folder, 'place', 'main.conf'), mainPart());
  writeFileSync(join(folder, 'place', 'http.conf'), httpPart(place));
  writeFileSync(join(folder, 'place', 'server.conf'), serverPart(place));
}

function serverPart({ port }: BalancerPlace): string {
  return `listen 127.0.0.1:${port};\naccess_log requests.log failures if=$is_noted;\n`;
}

/** Started by root, the workers stay root: only then may they enter whatever folder was chosen. */
function mainPart(): string {
  const { uid, username } = userInfo();
  const user = uid === 0 ? `user ${username};\n` : '';
  return `${user}worker_processes 2;\npid nginx.pid;\n`;
}

/** Paths are relative to the folder, whatever characters are in its name. */
function httpPart({ upstreams, limitLoopback, trusted }: BalancerPlace): string {
  const servers = [
    ...upstreams.map((host) => `  server ${host} max_fails=2 fail_timeout=1s;\n`),
    // All of them failed a moment ago: they are asked nevertheless, for one may be back already.
    ...upstreams.map((host) => `  server ${host} backup max_fails=0;\n`),
  ];
  const temps = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const proxies = trusted?.proxies ?? [];
  return [
    `upstream checkouts {\n  zone checkouts 64k;\n  least_conn;\n${servers.join('')}  keepalive 64;\n}`,
    ...temps.map((name) => `${name}_temp_path temp/${name};`),
    'proxy_cache_path files levels=1 keys_zone=files:1m max_size=32m inactive=1d use_temp_path=off;',
    `geo $is_exempt {\n  default 0;\n${limitLoopback ? '' : '  127.0.0.0/8 1;\n  ::1 1;\n'}}`,
    ...proxies.map((range) => `set_real_ip_from ${range};`),
    ...(trusted === undefined ? [] : [`real_ip_header ${trusted.header};`]),
    `geo $realip_remote_addr $from_proxy {\n  default 0;\n${proxies.map((range) => `  ${range} 1;\n`).join('')}}`,
    '',
  ].join('\n');
}
