import { useState } from "preact/hooks";
import type { Alert, Monitor } from "../api/monitor-types";
import { deleteMonitor, updateMonitor } from "../api/monitors";
import { alertsChanged } from "../data/alerts";
import { useAction } from "../data/use-action";
import { hashHref, monitorPath, navigate } from "../lib/address";
import { Dialog } from "../parts/dialog";
import { FieldError } from "../parts/field-error";
import { Menu, MenuItem } from "../parts/menu";
import { FOREVER } from "./words";

const HOUR = 3_600_000;
const MUTES = [
  { label: "1 hour", ms: HOUR },
  { label: "8 hours", ms: 8 * HOUR },
  { label: "A day", ms: 24 * HOUR },
];

interface Props {
  monitor: Monitor;
  /** Its newest alert that fires and nobody has seen. */
  unseen: Alert | undefined;
  onAcknowledge: () => void;
  /** The monitor is another now, or gone. */
  onChange: () => void;
}

/** What can be done with a monitor. */
export function MonitorTools({ monitor, unseen, onAcknowledge, onChange }: Props) {
  const [deleting, setDeleting] = useState(false);
  const { busy, error, run } = useAction();
  const change = async (fields: Parameters<typeof updateMonitor>[1]) => {
    if (!(await run(() => updateMonitor(monitor.monitor_id, fields)))) return;
    onChange();
    alertsChanged();
  };
  const isMuted = (monitor.muted_until ?? 0) > Date.now();
  return (
    <div class="tools monitor-tools">
      {isMuted ? (
        <button type="button" class="button" disabled={busy} onClick={() => void change({ muted_until: 0 })}>
          Unmute
        </button>
      ) : (
        <Menu label="Mute" align="left">
          {(close) => {
            const mute = (until: number) => {
              close();
              void change({ muted_until: until });
            };
            return (
              <>
                {MUTES.map(({ label, ms }) => (
                  <MenuItem key={label} onClick={() => mute(Date.now() + ms)}>
                    {label}
                  </MenuItem>
                ))}
                <MenuItem onClick={() => mute(FOREVER)}>Until unmuted</MenuItem>
              </>
            );
          }}
        </Menu>
      )}
      <a class="button" href={hashHref(monitorPath(monitor.monitor_id, "edit"))}>
        Edit
      </a>
      {unseen && (
        <button type="button" class="button" onClick={onAcknowledge}>
          Acknowledge
        </button>
      )}
      <Menu label="More about this monitor" icon="more">
        {(close) => (
          <>
            <MenuItem
              onClick={() => {
                close();
                void change({ enabled: !monitor.enabled });
              }}
            >
              {monitor.enabled ? "Disable" : "Enable"}
            </MenuItem>
            <MenuItem
              onClick={() => {
                close();
                setDeleting(true);
              }}
            >
              Delete
            </MenuItem>
          </>
        )}
      </Menu>
      <FieldError text={error} />
      {deleting && <DeleteDialog monitor={monitor} onClose={() => setDeleting(false)} onDeleted={onChange} />}
    </div>
  );
}

interface DeleteProps {
  monitor: Monitor;
  onClose: () => void;
  onDeleted: () => void;
}

function DeleteDialog({ monitor, onClose, onDeleted }: DeleteProps) {
  const { busy, error, run } = useAction();
  const remove = async () => {
    if (!(await run(() => deleteMonitor(monitor.monitor_id)))) return;
    onClose();
    onDeleted();
    alertsChanged();
    navigate("/monitors", { replace: true });
  };
  return (
    <Dialog title={`Delete ${monitor.name || monitor.sentence}`} onClose={onClose}>
      <div class="confirm">
        <p>Nothing is watched by it any more. Alerts that fire end; all of its alerts stay.</p>
        <FieldError text={error} />
        <div class="tools">
          <button type="button" class="button button-danger" disabled={busy} onClick={() => void remove()}>
            Delete monitor
          </button>
          <button type="button" class="button quiet-button" onClick={onClose}>
            Cancel
          </button>
        </div>
      </div>
    </Dialog>
  );
}
