// The admin's calendar in Chinese: Django's catalogue leaves its week in one-letter English. See docs/office.md.
"use strict";

CalendarNamespace.daysOfWeekInitial = ["日", "一", "二", "三", "四", "五", "六"];
CalendarNamespace.monthsOfYear = Array.from({ length: 12 }, (_, month) => `${month + 1}月`);
