// Copy buttons, faults of forms, passkeys, charts, and the part of the operator's page that refreshes itself. Every page works without this
// file; only passkeys do not.
(() => {
  "use strict";

  const charts = new Map();
  const color = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  const compact = value =>
    Math.abs(value) >= 1e6 ? `${+(value / 1e6).toFixed(1)}M` : Math.abs(value) >= 1e3 ? `${+(value / 1e3).toFixed(1)}k` : String(value);

  const hourOf = seconds => new Date(seconds * 1e3).toISOString().slice(11, 16);
  const dayOf = seconds => new Date(seconds * 1e3).toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });

  // The columns of data-points: time, requests, input tokens, output tokens, dollars.
  const kinds = {
    tokens: { columns: [2, 3], labels: ["Input tokens", "Output tokens"] },
    requests: { columns: [1], labels: ["Requests"] },
    dollars: { columns: [4], labels: ["US dollars"] },
  };

  const readPoints = figure => {
    const points = JSON.parse(figure.dataset.points);
    return [points[0], ...kinds[figure.dataset.chart].columns.map(i => points[i])];
  };

  // Output stands on top of input: each drawn bar is the sum up to its series, the dearest drawn first.
  const stack = ([times, ...series]) => {
    const sums = series.map((_, i) => times.map((__, t) => series.slice(0, i + 1).reduce((sum, s) => sum + s[t], 0)));
    return [times, ...sums.reverse()];
  };

  const drawChart = figure => {
    const area = figure.querySelector(".chart-area");
    const kind = kinds[figure.dataset.chart];
    const hourly = figure.dataset.hours === "true";
    const colors = [color("--chart-1"), color("--chart-2")];
    const labels = [...kind.labels].reverse();
    const fills = colors.slice(0, labels.length).reverse();
    let raw = readPoints(figure);
    const axis = { stroke: color("--soft"), grid: { stroke: color("--line"), width: 1 }, ticks: { show: false }, font: "12px system-ui" };
    const bars = window.uPlot.paths.bars({ size: [0.62, 34], radius: 0.12 });
    const plot = new window.uPlot({
      width: area.clientWidth,
      height: 160,
      cursor: { points: { show: false }, drag: { x: false, y: false } },
      tzDate: seconds => window.uPlot.tzDate(new Date(seconds * 1e3), "UTC"),
      scales: {
        x: { range: (_, min, max) => { const pad = hourly ? 1800 : 43200; return [min - pad, max + pad]; } },
        y: { range: (_, __, max) => [0, Math.max(max * 1.1, 1)] },
      },
      axes: [
        { ...axis, grid: { show: false }, space: 60, values: (_, splits) => splits.map(hourly ? hourOf : dayOf) },
        { ...axis, size: 48, space: 36, values: (_, values) => values.map(v => (Number.isInteger(v) ? compact(v) : "")) },
      ],
      series: [
        {
          value: (_, v) =>
            (v == null ? "—" : new Date(v * 1e3).toISOString().slice(0, hourly ? 16 : 10).replace("T", " ") + (hourly ? " UTC" : "")),
          label: "Time",
        },
        ...labels.map((label, i) => ({
          label,
          fill: fills[i],
          stroke: fills[i],
          width: 0,
          paths: bars,
          points: { show: false },
          value: (_, __, ___, index) => (index == null ? "—" : raw[labels.length - i][index].toLocaleString("en-US")),
        })),
      ],
    }, stack(raw), area);
    const observer = new ResizeObserver(() => plot.setSize({ width: area.clientWidth, height: 160 }));
    observer.observe(area);
    return {
      update() {
        raw = readPoints(figure);
        plot.setData(stack(raw));
      },
      destroy() {
        observer.disconnect();
        plot.destroy();
      },
    };
  };

  const drawAll = () => {
    for (const figure of document.querySelectorAll("[data-chart]")) {
      charts.get(figure)?.destroy();
      charts.set(figure, drawChart(figure));
    }
  };

  // Takes over what changed and leaves the rest alone, so that nothing flickers and nobody's selection is lost.
  const takeOver = fresh => {
    for (const part of fresh.querySelectorAll("[data-live]")) {
      const shown = document.getElementById(part.id);
      if (shown && shown.innerHTML !== part.innerHTML) {
        shown.replaceChildren(...part.childNodes);
      }
    }
    for (const figure of fresh.querySelectorAll("[data-chart]")) {
      const shown = document.getElementById(figure.id);
      if (shown && shown.dataset.points !== figure.dataset.points) {
        shown.dataset.points = figure.dataset.points;
        charts.get(shown)?.update();
      }
    }
  };

  // Lets a phone show a row of a table as a card: each cell names its column. Without a script the table scrolls.
  const labelCells = root => {
    for (const table of root.querySelectorAll("table:has(thead)")) {
      const heads = [...table.querySelectorAll("thead th")].map(head => head.querySelector(".sr") ? "" : head.textContent.trim());
      for (const row of table.querySelectorAll("tbody tr")) {
        [...row.cells].forEach((cell, i) => {
          cell.dataset.label = heads[i] ?? "";
          cell.classList.toggle("blank", cell.childElementCount === 0 && cell.textContent.trim() === "");
        });
      }
      table.classList.add("as-cards");
    }
  };

  const hasNewState = fresh => [...fresh.querySelectorAll("[data-state]")].some(part => {
    const shown = document.getElementById(part.id);
    return shown?.dataset.state !== undefined && shown.dataset.state !== part.dataset.state;
  });

  const refresh = async place => {
    const dot = document.querySelector(".live-dot");
    if (!document.hidden) {
      try {
        const answer = await fetch(place.dataset.refresh, { credentials: "same-origin", redirect: "error" });
        if (!answer.ok) {
          throw new Error(String(answer.status));
        }
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
        if (hasNewState(fresh)) {
          location.reload(); // The page has other buttons now.
          return;
        }
        labelCells(fresh);
        takeOver(fresh);
        dot?.classList.remove("stopped");
      } catch {
        dot?.classList.add("stopped"); // Shown as a red dot; the next turn tries again.
      }
    }
    setTimeout(() => refresh(place), Number(place.dataset.seconds) * 1000);
  };

  // Browsers have a clipboard to write to on secure addresses alone; elsewhere the marked text is copied as by a key press.
  const copy = async element => {
    try {
      await navigator.clipboard.writeText(element.textContent);
      return true;
    } catch {
      getSelection().selectAllChildren(element);
      return document.execCommand("copy");
    }
  };

  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      button.textContent = await copy(document.getElementById(button.dataset.copy)) ? "Copied" : "Press Ctrl+C";
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    });
  }

  // The server names every fault at once where a browser would name the first. What a browser cannot read it would send as an empty field.
  for (const form of document.querySelectorAll("form[data-all-errors]")) {
    form.noValidate = true;
    form.addEventListener("submit", event => {
      const unreadable = [...form.elements].find(field => field.validity?.badInput);
      if (unreadable) {
        event.preventDefault();
        unreadable.reportValidity();
      }
    });
  }

  const faulty = document.querySelector("[aria-invalid='true'], .invalid, [data-invalid] input");
  if (faulty) {
    faulty.closest("details")?.setAttribute("open", "");
    faulty.focus();
  }

  // A button of a form that a passkey fills: it names the address of the options, and what the authenticator answers is sent with the form.
  const canUsePasskeys = Boolean(window.PublicKeyCredential?.parseRequestOptionsFromJSON && PublicKeyCredential.prototype.toJSON);
  let waiting = null;
  const sendPasskey = async (button, conditional) => {
    const creates = button.dataset.passkeyKind === "create";
    waiting?.abort(); // A page asks for one passkey at a time.
    waiting = new AbortController();
    const { signal } = waiting;
    const answer = await fetch(button.dataset.passkey, { credentials: "same-origin", redirect: "error", signal });
    if (!answer.ok) {
      throw new Error(String(answer.status));
    }
    const { state, options } = await answer.json();
    const credential = creates
      ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options), signal })
      : await navigator.credentials.get({
        publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options), signal, ...(conditional ? { mediation: "conditional" } : {}),
      });
    button.form.querySelector("[data-passkey-state]").value = state;
    button.form.querySelector("[data-passkey-credential]").value = JSON.stringify(credential.toJSON());
    button.form.submit(); // Without its checks: a passkey stands in for the password's field.
  };

  for (const button of canUsePasskeys ? document.querySelectorAll("[data-passkey]") : []) {
    button.hidden = false;
    const fault = button.form.querySelector("[data-passkey-error]");
    button.addEventListener("click", async () => {
      fault.textContent = "";
      try {
        await sendPasskey(button, false);
      } catch (error) {
        fault.textContent = error.name === "InvalidStateError"
          ? "This device has a passkey for the account already." : "No passkey was used. Try again, or load the page again.";
      }
    });
    if (button.hasAttribute("data-passkey-offer")) {
      PublicKeyCredential.isConditionalMediationAvailable?.()
        .then(can => can && sendPasskey(button, true))
        .catch(() => {}); // The person typed a password, or pressed the button.
    }
  }

  // One amount at a time: typing one selects Other, and selecting an offered one clears what was typed.
  const custom = document.getElementById("custom");
  const amounts = document.querySelectorAll('input[name="Input.Amount"]');
  custom?.addEventListener("input", () => amounts.forEach(amount => { amount.checked = amount.value === "0"; }));
  amounts.forEach(amount => amount.addEventListener("change", () => {
    if (amount.value !== "0") {
      custom.value = "";
    }
  }));

  // Tells the server the browser's time zone once; a page without the form knows it. Until then, and without it, times are UTC.
  const zone = document.querySelector("form[data-time-zone]");
  if (zone) {
    zone.elements.zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "UTC";
    fetch(zone.action, { method: "POST", credentials: "same-origin", body: new URLSearchParams(new FormData(zone)) }).catch(() => {});
  }

  document.querySelector(".menu [aria-current]")?.scrollIntoView({ block: "nearest" });
  labelCells(document);
  drawAll();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  for (const place of document.querySelectorAll("[data-refresh]")) {
    setTimeout(() => refresh(place), Number(place.dataset.seconds) * 1000);
  }
})();
