using System.Collections.Frozen;
using Sje.Jobs.Storage;

namespace Sje.Jobs.Background;

/// <summary>
/// The queue names that Hangfire knows in this process. Its table of providers cannot grow once in use, so a queue made later goes
/// under <see cref="CatchAll"/> until restart. A label decides nothing: the task's row does.
/// </summary>
internal sealed class QueueLabels
{
    /// <summary>The label of queues that were not known at start.</summary>
    public const string CatchAll = "default";

    private readonly FrozenSet<string> known;

    private QueueLabels(IEnumerable<string> names) =>
        known = names.Append(CatchAll).ToFrozenSet(StringComparer.Ordinal);

    /// <summary>All labels.</summary>
    public IEnumerable<string> Names => known.Order(StringComparer.Ordinal);

    /// <summary>The queues of the database as they are now, and those that this worker serves.</summary>
    public static QueueLabels Read(Database database, IEnumerable<string> served)
    {
        var names = served.Where(name => name != "*").ToList();
        using var command = database.Main.CreateCommand("select name from sje.queues");
        using var rows = command.ExecuteReader();
        while (rows.Read())
        {
            names.Add(rows.GetString(0));
        }

        return new QueueLabels(names);
    }

    /// <summary>The labels under which a worker of these queues appears; one is needed at least.</summary>
    public IEnumerable<string> Served(IEnumerable<string> queues) =>
        queues.Select(For).DefaultIfEmpty(CatchAll).Distinct();

    /// <summary>Whether a name is one of them.</summary>
    public bool Has(string name) => known.Contains(name);

    /// <summary>The label for a queue.</summary>
    public string For(string queue) => known.Contains(queue) ? queue : CatchAll;
}
