namespace Sje.Jobs.Background;

/// <summary>Who presses Hangfire's buttons here and now. Set where the request begins, read when the change is made.</summary>
/// <param name="Place">Where, as in a sentence: "in the dashboard".</param>
/// <param name="Name">Who, where that is known.</param>
public sealed record Actor(string Place, string? Name)
{
    private static readonly AsyncLocal<Actor?> Here = new();

    /// <summary>The one who acts, or null for a program that calls Hangfire's client.</summary>
    public static Actor? Current
    {
        get => Here.Value;
        set => Here.Value = value;
    }

    /// <summary>Words for a reason: "in the dashboard by ops".</summary>
    public static string Words =>
        Current switch
        {
            { Name: { } name, Place: var place } => $"{place} by {name}",
            { Place: var place } => place,
            null => "by a program",
        };
}
