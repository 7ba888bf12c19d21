using System.Collections.Concurrent;
using Hangfire;

namespace Sje.Examples.Embedded;

/// <summary>Jobs of your own: a class whose methods Hangfire calls, out of the services of the host.</summary>
public sealed class Reports
{
    private readonly ConcurrentQueue<string> all = new();
    private readonly ConcurrentDictionary<string, int> tries = new();

    /// <summary>What has been done, in order.</summary>
    public IReadOnlyCollection<string> All => all;

    /// <summary>Writes a report.</summary>
    public void Write(string name) => all.Enqueue($"{name} written");

    /// <summary>Sends a report.</summary>
    public void Send(string name) => all.Enqueue($"{name} sent");

    /// <summary>Fails the first time. Hangfire's own retry tries again.</summary>
    [AutomaticRetry(Attempts = 2, DelaysInSeconds = [1])]
    public void WriteAtLast(string name)
    {
        if (tries.AddOrUpdate(name, 1, (_, before) => before + 1) == 1)
        {
            throw new InvalidOperationException($"No paper for {name}.");
        }

        all.Enqueue($"{name} written at last");
    }
}
