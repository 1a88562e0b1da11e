// Starts the application.

import { render } from "preact";
import { App } from "./pages/App";
import { startKeymap } from "./state/keymap/effects";
import { startSession } from "./state/session/effects";
import { startTheme } from "./theme/theme";
import { refuseStrayFiles } from "./ui/dropped";
import { startRouter } from "./ui/router";
import "./theme/tokens.css";
import "./theme/base.css";

startTheme();
startRouter();
refuseStrayFiles();
startKeymap();
void startSession();
const root = document.getElementById("app");
if (root !== null) render(<App />, root);
