// The admin's calendar in Chinese: Django's catalogue leaves its week in one-letter English. Its 今天 is the server's business
// day, whatever clock and zone the browser has. See docs/office.md.
"use strict";

CalendarNamespace.daysOfWeekInitial = ["日", "一", "二", "三", "四", "五", "六"];
CalendarNamespace.monthsOfYear = Array.from({ length: 12 }, (_, month) => `${month + 1}月`);

const today = () => new Date(`${document.querySelector("[data-today]").dataset.today}T12:00:00`);

const draw = CalendarNamespace.draw;
CalendarNamespace.draw = (month, year, id, ...more) => {
    draw(month, year, id, ...more);
    const day = today();
    const shown = Number(year) === day.getFullYear() && Number(month) === day.getMonth() + 1;
    for (const cell of document.querySelectorAll(`#${id} td`)) {
        cell.classList.toggle("today", shown && cell.textContent === String(day.getDate()));
    }
};

// Made known by a script after this one, which sets up its calendars in a listener of its own, after this one's.
window.addEventListener("load", () => {
    DateTimeShortcuts.now = today;
});
