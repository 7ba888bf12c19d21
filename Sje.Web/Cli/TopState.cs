namespace Sje.Web.Cli;

/// <summary>What a key means at the moment.</summary>
internal enum TopMode
{
    /// <summary>Keys are commands.</summary>
    Look,

    /// <summary>Keys are letters of the filter.</summary>
    Filter,

    /// <summary>A question stands, and y answers it.</summary>
    Confirm,

    /// <summary>The list of keys is shown.</summary>
    Help,
}

/// <summary>What <c>sje top</c> is to do on the server.</summary>
internal enum TopDeed
{
    /// <summary>Stop an execution.</summary>
    Cancel,

    /// <summary>Pause a queue or worker.</summary>
    Pause,

    /// <summary>End a pause.</summary>
    Resume,
}

/// <summary>A deed and what it is about.</summary>
internal sealed record TopWish(TopDeed Deed, TopView View, string Id, string Name);

/// <summary>Where a person is in <c>sje top</c>: only keys change it.</summary>
internal sealed record TopState
{
    /// <summary>Which list.</summary>
    public TopView View { get; init; }

    /// <summary>Index of the column that each view is sorted by; those not in here are in the server's order.</summary>
    public IReadOnlyDictionary<TopView, int> SortedBy { get; init; } = new Dictionary<TopView, int>();

    /// <summary>Whether the order is turned round.</summary>
    public bool Reversed { get; init; }

    /// <summary>Only rows with this in them.</summary>
    public string Filter { get; init; } = "";

    /// <summary>The id of the row that is chosen: it stays chosen wherever it moves to.</summary>
    public string? Selected { get; init; }

    /// <summary>What a key means.</summary>
    public TopMode Mode { get; init; }

    /// <summary>Whether the figures stand still.</summary>
    public bool Frozen { get; init; }

    /// <summary>What is asked about.</summary>
    public TopWish? Question { get; init; }

    /// <summary>What the last deed came to.</summary>
    public string? Message { get; init; }

    /// <summary>Whether it is over.</summary>
    public bool Quits { get; init; }

    /// <summary>The rows as they are shown: filtered and sorted.</summary>
    public IReadOnlyList<TopRow> Rows(TopData data, DateTimeOffset now)
    {
        var columns = TopColumns.Of(View);
        var rows = data.Of(View)
            .Where(row =>
                Filter.Length == 0
                || row.Id.Contains(Filter, StringComparison.OrdinalIgnoreCase)
                || columns.Any(column =>
                    column.Cell(row, now)?.Contains(Filter, StringComparison.OrdinalIgnoreCase) == true
                )
            );
        if (!SortedBy.TryGetValue(View, out var index))
        {
            return [.. Reversed ? rows.Reverse() : rows];
        }

        var by = columns[index];
        // Numbers from the largest, words from A; rows without a value come last either way.
        var falls = by.IsNumber != Reversed;
        var known = rows.OrderBy(row => by.Key(row) is null);
        return [.. falls ? known.ThenByDescending(by.Key) : known.ThenBy(by.Key)];
    }

    /// <summary>The place of the chosen row; the first where it is gone.</summary>
    public int IndexIn(IReadOnlyList<TopRow> rows) =>
        Math.Max(0, Selected is null ? 0 : rows.ToList().FindIndex(row => row.Id == Selected));

    /// <summary>What a key leads to, and what is to be done on the server.</summary>
    /// <param name="key">The key.</param>
    /// <param name="data">What is shown.</param>
    /// <param name="now">The time.</param>
    /// <param name="page">Rows on the screen.</param>
    public (TopState Next, TopWish? Wish) Press(ConsoleKeyInfo key, TopData data, DateTimeOffset now, int page) =>
        key is { Key: ConsoleKey.C, Modifiers: ConsoleModifiers.Control }
            ? (this with { Quits = true }, null)
            : Mode switch
            {
                TopMode.Filter => (Type(key), null),
                TopMode.Confirm => Answer(key),
                // Any key ends the list of keys; the one that quits does what the list says.
                TopMode.Help => (this with { Mode = TopMode.Look, Quits = key.KeyChar is 'q' or 'Q' }, null),
                _ => Command(key, data, now, page),
            };

    private TopState Type(ConsoleKeyInfo key) =>
        key.Key switch
        {
            ConsoleKey.Enter => this with { Mode = TopMode.Look },
            ConsoleKey.Escape => this with { Mode = TopMode.Look, Filter = "" },
            ConsoleKey.Backspace => this with { Filter = Filter.Length > 0 ? Filter[..^1] : "" },
            _ when !char.IsControl(key.KeyChar) && Filter.Length < 100 => this with { Filter = Filter + key.KeyChar },
            _ => this,
        };

    private (TopState Next, TopWish? Wish) Answer(ConsoleKeyInfo key)
    {
        var calm = this with { Mode = TopMode.Look, Question = null };
        return key.KeyChar is 'y' or 'Y' ? (calm, Question) : (calm with { Message = "nothing was done" }, null);
    }

    private (TopState Next, TopWish? Wish) Command(ConsoleKeyInfo key, TopData data, DateTimeOffset now, int page)
    {
        var state = this with { Message = null };
        switch (key.Key)
        {
            case ConsoleKey.UpArrow:
                return (state.Step(data, now, -1), null);
            case ConsoleKey.DownArrow:
                return (state.Step(data, now, 1), null);
            case ConsoleKey.PageUp:
                return (state.Step(data, now, -page), null);
            case ConsoleKey.PageDown:
                return (state.Step(data, now, page), null);
            case ConsoleKey.Home:
                return (state.Step(data, now, -int.MaxValue / 2), null);
            case ConsoleKey.End:
                return (state.Step(data, now, int.MaxValue / 2), null);
            case ConsoleKey.LeftArrow:
                return (state.Turn(-1), null);
            case ConsoleKey.RightArrow:
                return (state.Turn(1), null);
            case ConsoleKey.Tab:
                return (state.SortNext(key.Modifiers.HasFlag(ConsoleModifiers.Shift) ? -1 : 1), null);
            case ConsoleKey.Escape:
                return (state with { Filter = "" }, null);
        }

        return key.KeyChar switch
        {
            'q' or 'Q' => (state with { Quits = true }, null),
            'j' => (state.Step(data, now, 1), null),
            'k' => (state.Step(data, now, -1), null),
            '1' => (state.To(TopView.Executions), null),
            '2' => (state.To(TopView.Tasks), null),
            '3' => (state.To(TopView.Queues), null),
            '4' => (state.To(TopView.Workers), null),
            '/' => (state with { Mode = TopMode.Filter }, null),
            'r' => (state with { Reversed = !Reversed }, null),
            ' ' => (state with { Frozen = !Frozen }, null),
            '?' or 'h' => (state with { Mode = TopMode.Help }, null),
            'c' => (state.AskToCancel(data, now), null),
            'p' => state.TogglePause(data, now),
            _ => (state, null),
        };
    }

    private TopState Step(TopData data, DateTimeOffset now, int by)
    {
        var rows = Rows(data, now);
        return rows.Count == 0
            ? this with
            {
                Selected = null,
            }
            : this with
            {
                Selected = rows[(int)Math.Clamp((long)IndexIn(rows) + by, 0, rows.Count - 1)].Id,
            };
    }

    private TopState Turn(int by)
    {
        var views = Enum.GetValues<TopView>().Length;
        return To((TopView)(((int)View + by + views) % views));
    }

    private TopState To(TopView view) => this with { View = view, Selected = view == View ? Selected : null };

    private TopState SortNext(int by)
    {
        var columns = TopColumns.Of(View).Count;
        var next = new Dictionary<TopView, int>(SortedBy);
        var at =
            (
                next.TryGetValue(View, out var now) ? now
                : by > 0 ? -1
                : columns
            ) + by;
        if (at < 0 || at >= columns)
        {
            // Behind the last column comes the server's own order again.
            next.Remove(View);
        }
        else
        {
            next[View] = at;
        }

        return this with
        {
            SortedBy = next,
        };
    }

    private TopState AskToCancel(TopData data, DateTimeOffset now)
    {
        var rows = Rows(data, now);
        if (View is not (TopView.Executions or TopView.Tasks) || rows.Count == 0)
        {
            return this with { Message = "c cancels executions: choose one (1), or a task of it (2)" };
        }

        var row = rows[IndexIn(rows)];
        var (id, name) = View == TopView.Tasks ? ("executionId", "execution") : ("id", "name");
        return this with
        {
            Selected = row.Id,
            Mode = TopMode.Confirm,
            Question = new TopWish(TopDeed.Cancel, View, row.Text(id) ?? row.Id, row.Text(name) ?? row.Id),
        };
    }

    private (TopState Next, TopWish? Wish) TogglePause(TopData data, DateTimeOffset now)
    {
        var rows = Rows(data, now);
        if (View is not (TopView.Queues or TopView.Workers) || rows.Count == 0)
        {
            return (this with { Message = "p pauses and resumes queues (3) and workers (4)" }, null);
        }

        // No question: the same key takes it back.
        var row = rows[IndexIn(rows)];
        var deed = row.At("pausedAt") is null ? TopDeed.Pause : TopDeed.Resume;
        return (this with { Selected = row.Id }, new TopWish(deed, View, row.Id, row.Text("name") ?? row.Id));
    }
}
