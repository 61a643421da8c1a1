import { useState } from "preact/hooks";
import { getRaw } from "../api/client";
import { useResource } from "../data/resource";
import { formatBytes } from "../lib/format";
import { CopyButton } from "../parts/copy";
import { Icon } from "../parts/icon";
import { ErrorNote, PendingRows } from "../parts/states";
import { asJson, asTable, isText, type Kind, kindOf } from "./kinds";
import { PreviewTable } from "./preview-table";

/** Read at first; the rest on request. */
const FIRST_BYTES = 1_000_000;

interface Props {
  /** Where the file is, from the server's root. */
  address: string;
  path: string;
  onClose?: () => void;
}

/** A file as it can best be looked at: a picture, a table, JSON, or text. */
export function ArtifactPreview({ address, path, onClose }: Props) {
  const kind = kindOf(path);
  const name = path.slice(path.lastIndexOf("/") + 1);
  return (
    <section class="panel artifact-preview" aria-label={path}>
      <div class="panel-head">
        <h2 class="clip" title={path}>
          {path}
        </h2>
        <div class="tools">
          <a class="button" href={address} download={name}>
            Download
          </a>
          {onClose && (
            <button type="button" class="icon-button phone-only" aria-label="Close the file" onClick={onClose}>
              <Icon name="close" />
            </button>
          )}
        </div>
      </div>
      {kind === "image" ? <Picture address={address} name={name} /> : <Words address={address} kind={kind} />}
    </section>
  );
}

function Picture({ address, name }: { address: string; name: string }) {
  const [failed, setFailed] = useState(false);
  if (failed) return <p class="foot">This picture can't be drawn here. Download it.</p>;
  return <img class="artifact-image" src={address} alt={name} onError={() => setFailed(true)} />;
}

interface Loaded {
  text: string | undefined;
  bytes: number;
  whole: boolean;
  total: number;
}

function Words({ address, kind }: { address: string; kind: Kind }) {
  const [all, setAll] = useState(false);
  const { data, error, busy, reload } = useResource(`file ${address} ${all}`, (signal) => load(address, all, signal));
  if (error) return <ErrorNote what="The file" error={error} retry={reload} />;
  if (!data) return <PendingRows rows={6} label="Loading the file" />;
  if (data.text === undefined) {
    return <p class="foot">{formatBytes(data.total)} that are no text. Download it to look inside.</p>;
  }
  return (
    <>
      {!data.whole && (
        <p class="foot">
          The first {formatBytes(data.bytes)} of {formatBytes(data.total)}.{" "}
          <button type="button" class="button" disabled={busy} onClick={() => setAll(true)}>
            Show all
          </button>
        </p>
      )}
      <Content text={data.text} kind={kind} whole={data.whole} />
    </>
  );
}

function Content({ text, kind, whole }: { text: string; kind: Kind; whole: boolean }) {
  const table = kind === "table" || kind === "json" ? asTable(text, kind, whole) : undefined;
  if (table) return <PreviewTable table={table} />;
  const shown = kind === "json" ? (asJson(text) ?? text) : text;
  return (
    <>
      <div class="preview-copy">
        <CopyButton text={text} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard */}
      <section class="preview-text" tabIndex={0} aria-label="Content">
        <pre>{shown}</pre>
      </section>
    </>
  );
}

async function load(address: string, all: boolean, signal: AbortSignal): Promise<Loaded> {
  const response = await getRaw(address, { signal, headers: all ? {} : { Range: `bytes=0-${FIRST_BYTES - 1}` } }).catch(
    // An empty file has no first byte to send.
    (error: unknown) => {
      if (error instanceof Error && "status" in error && error.status === 416) return new Response(new ArrayBuffer(0));
      throw error;
    },
  );
  const bytes = new Uint8Array(await response.arrayBuffer());
  const total = Number(response.headers.get("Content-Range")?.split("/")[1] ?? bytes.length);
  const whole = bytes.length >= total;
  return { text: isText(bytes) ? new TextDecoder().decode(bytes) : undefined, bytes: bytes.length, whole, total };
}
