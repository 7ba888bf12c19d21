namespace Sje.Core.Jobs;

/// <summary>
/// Reads <c>concurrency</c>. A job has a number of executions (<c>max</c>, <c>policy</c>), a key that its tasks share with others (<c>key</c>,
/// <c>limit</c>), or both; a task has a key.
/// </summary>
internal sealed class ConcurrencyReader(FaultList faults)
{
    private const int Most = 1_000_000;

    private static readonly Dictionary<string, ConcurrencyPolicy> PolicyWords = new(StringComparer.Ordinal)
    {
        ["queue"] = ConcurrencyPolicy.Queue,
        ["skip"] = ConcurrencyPolicy.Skip,
        ["replace"] = ConcurrencyPolicy.Replace,
        ["cancel"] = ConcurrencyPolicy.Cancel,
    };

    public (ConcurrencySpec? Limit, ConcurrencyKey? Key) ReadJob(Fields? concurrency)
    {
        if (concurrency is null)
        {
            return default;
        }

        var max = Count(concurrency, "max");
        var policy = concurrency.Text("policy");
        var key = Key(concurrency, required: !concurrency.Has("max") && policy is null);
        concurrency.RefuseOthers();
        if (policy is not null && !concurrency.Has("max"))
        {
            concurrency.Missing("max");
        }

        var word = ConcurrencyPolicy.Queue;
        if (policy is not null && !PolicyWords.TryGetValue(policy, out word))
        {
            faults.Add(
                concurrency.At("policy"),
                FaultCodes.InvalidValue,
                $"{Excerpt.Quote(policy)} is no policy.{NearName.Hint(policy, PolicyWords.Keys)} Write {string.Join(", ", PolicyWords.Keys)}."
            );
        }

        return (max is { } most ? new ConcurrencySpec(most, word) : null, key);
    }

    public ConcurrencyKey? ReadTask(Fields? concurrency)
    {
        if (concurrency is null)
        {
            return null;
        }

        var key = Key(concurrency, required: true);
        concurrency.RefuseOthers(field =>
            field is "max" or "policy" ? " How many executions go on at a time is said at the job." : null
        );
        return key;
    }

    private ConcurrencyKey? Key(Fields concurrency, bool required)
    {
        if (!required && !concurrency.Has("key") && !concurrency.Has("limit"))
        {
            return null;
        }

        var name = concurrency.RequiredText("key");
        var limit = Count(concurrency, "limit");
        if (!concurrency.Has("limit"))
        {
            concurrency.Missing("limit");
        }

        if (name is not null && !NameRules.IsName(name))
        {
            faults.Add(
                concurrency.At("key"),
                FaultCodes.InvalidValue,
                $"{Excerpt.Quote(name)} is no key: 1 to 200 letters, digits, '-', '_', '.' and spaces, with a letter or digit first."
            );
            return null;
        }

        return name is not null && limit is { } most ? new ConcurrencyKey(name, most) : null;
    }

    private int? Count(Fields concurrency, string field)
    {
        var count = concurrency.Whole(field);
        if (count is null or (>= 1 and <= Most))
        {
            return count;
        }

        faults.Add(concurrency.At(field), FaultCodes.OutOfRange, $"{count} is beyond 1..{Most}.");
        return null;
    }
}
