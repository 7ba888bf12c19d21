namespace Sje.Web.Hosting;

/// <summary>What a process is started as.</summary>
internal sealed record Launch(Role Role, SjeHome Home)
{
    /// <summary>Settings of the command line, by configuration key.</summary>
    public IReadOnlyDictionary<string, string?> Settings { get; init; } = new Dictionary<string, string?>();

    /// <summary>Called once when everything answers, with the address (null for a worker).</summary>
    public Func<string?, CancellationToken, Task>? Ready { get; init; }
}
