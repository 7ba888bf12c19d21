namespace Sje.Tests.EndToEnd.Ui;

/// <summary>What a window of a test is like.</summary>
public sealed record UiVisit
{
    public bool Dark { get; init; }

    public int Width { get; init; } = 1440;

    public int Height { get; init; } = 900;

    /// <summary>How many pixels of the screen one of CSS takes, as a zoomed window has them.</summary>
    public int Scale { get; init; } = 1;

    /// <summary>The system's colours alone, as in a high contrast theme.</summary>
    public bool ForcedColors { get; init; }

    /// <summary>The key that it has signed in with, where not the administrator's.</summary>
    public string? Key { get; init; }

    /// <summary>Nobody has signed in.</summary>
    public bool SignedOut { get; init; }

    /// <summary>Parts of console errors that the test is about, such as <c>status of 404</c>.</summary>
    public IReadOnlyList<string> Expected { get; init; } = [];

    /// <summary>Whether answers of 5xx and a server that does not answer are what the test is about.</summary>
    public bool ServerFails { get; init; }

    /// <summary>Something to do to the page before it is opened, such as routes.</summary>
    public Func<Microsoft.Playwright.IPage, Task>? Before { get; init; }
}
