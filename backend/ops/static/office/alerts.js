// The alert list follows the socket: new rows appear, states change, clocks run, without a reload. See docs/office.md.
"use strict";

(() => {
  const bar = document.getElementById("gk-live");
  if (!bar) return;
  const words = bar.querySelector(".gk-live-state");
  const spoken = document.getElementById("gk-spoken");
  let after = Number(bar.dataset.after);
  let wait = 1000;
  let refreshing = false;
  let again = false;

  const say = (text, live) => {
    words.textContent = text;
    bar.classList.toggle("gk-live-on", live);
  };

  // The server renders rows; the socket only says that there is something new to read.
  const refresh = async () => {
    if (refreshing) {
      again = true;
      return;
    }
    refreshing = true;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" }, credentials: "same-origin" });
      if (!answer.ok || answer.redirected) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("changelist-form");
      const shown = document.getElementById("changelist-form");
      const chosen = [...shown.querySelectorAll("input.action-select:checked")].map((box) => box.value);
      // Replacing rows under somebody's selection would take the ground from under a bulk action.
      if (chosen.length) {
        say("有新动态，处理完所选预警后自动刷新", true);
        setTimeout(refresh, 3000);
        return;
      }
      const known = new Set([...shown.querySelectorAll("tbody")].map((row) => row.textContent));
      const body = fresh.querySelector("#result_list") || fresh.querySelector(".gk-empty");
      const old = shown.querySelector("#result_list") || shown.querySelector(".gk-empty");
      if (!body || !old) {
        location.reload();
        return;
      }
      const held = new Set([...shown.querySelectorAll("tbody th a")].map((link) => link.href));
      const arrived = [];
      for (const row of body.querySelectorAll("tbody")) {
        if (!known.has(row.textContent)) row.classList.add("gk-fresh");
        const link = row.querySelector("th a");
        if (link && !held.has(link.href)) arrived.push([...row.querySelectorAll("th, .field-severity_word, .field-place_words")].map((cell) => cell.textContent.trim()).join("，"));
      }
      const focused = document.activeElement?.closest?.("#result_list a")?.href;
      old.replaceWith(document.importNode(body, true));
      if (focused) [...document.querySelectorAll("#result_list a")].find((link) => link.href === focused)?.focus();
      for (const part of ["#gk-waiting", ".gk-heading h1"]) {
        const now = page.querySelector(part);
        if (now) document.querySelector(part).replaceWith(document.importNode(now, true));
      }
      // Only what is new is spoken: clocks that run on would talk every minute.
      if (arrived.length) spoken.textContent = `新预警 ${arrived.length} 条：${arrived.slice(0, 3).join("；")}`;
      say(`实时：${new Date().toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit" })} 已更新`, true);
    } catch {
      say("刷新失败，稍后自动重试", false);
    } finally {
      refreshing = false;
      if (again) {
        again = false;
        refresh();
      }
    }
  };

  const connect = () => {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/ws/alerts/?after=${after}`);
    let quiet = 0;
    const heard = () => {
      clearTimeout(quiet);
      quiet = setTimeout(() => socket.close(), 60000);
    };
    socket.addEventListener("message", ({ data }) => {
      heard();
      const frame = JSON.parse(data);
      if (frame.type === "event") {
        after = Math.max(after, frame.event.seq);
        refresh();
      } else if (frame.type === "live") {
        wait = 1000;
        say("实时：有新预警会自动出现", true);
      } else if (frame.type === "ping") {
        socket.send('{"type":"pong"}');
      }
    });
    socket.addEventListener("close", ({ code }) => {
      clearTimeout(quiet);
      if (code === 4003 || code === 4401) {
        say("登录已失效，请重新登录", false);
        return;
      }
      say("实时连接中断，正在重连；列表可手动刷新", false);
      setTimeout(connect, wait);
      wait = Math.min(wait * 2, 30000);
    });
  };

  connect();
  // Clocks are words rendered by the server: once a minute they are read again.
  setInterval(refresh, 60000);
})();
