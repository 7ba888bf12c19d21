// Puts the top navigation of SJE's own pages above Hangfire's bar. Without scripts Hangfire's link back is there.
(function () {
  'use strict';
  var pages = [
    ['Operations', '/ops'],
    ['Executions', '/executions'],
    ['Jobs', '/jobs'],
    ['Schedules', '/schedules'],
    ['Queues', '/queues'],
    ['Workers', '/workers'],
    ['Dead letters', '/dead-letters'],
    ['Settings', '/settings'],
  ];
  var top = document.querySelector('.navbar-fixed-top');
  if (!top) return;

  function link(text, address) {
    var a = document.createElement('a');
    a.textContent = text;
    a.href = address;
    return a;
  }

  var bar = document.createElement('nav');
  bar.className = 'sje-top';
  bar.setAttribute('aria-label', 'SJE');
  var home = link('SJE', '/ops');
  home.className = 'sje-top-home';
  bar.appendChild(home);
  pages.forEach(function (page) { bar.appendChild(link(page[0], page[1])); });
  var here = link('Hangfire', '/hangfire');
  here.className = 'sje-top-here';
  here.setAttribute('aria-current', 'true');
  bar.appendChild(here);
  top.insertBefore(bar, top.firstChild);
})();
