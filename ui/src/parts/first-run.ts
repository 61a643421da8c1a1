import { lazy } from "./lazy";

/** Lines that send a first run; most visitors never see them. */
export const FirstRun = lazy(() => import("./snippet").then((part) => part.FirstRun));
