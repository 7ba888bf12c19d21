using System.Globalization;
using System.Linq.Expressions;

namespace Sje.Jobs.Storage;

/// <summary>What a list of executions goes by.</summary>
public enum ExecutionSort
{
    /// <summary>When they were accepted.</summary>
    Accepted,

    /// <summary>When they first started; those that have not come before all.</summary>
    Started,

    /// <summary>When they ended; those that have not come before all.</summary>
    Finished,

    /// <summary>How long they have run, up to now where they go on.</summary>
    Duration,

    /// <summary>The name of the job.</summary>
    Name,

    /// <summary>Their priority.</summary>
    Priority,
}

/// <summary>
/// An order of executions, and where a page of it begins: behind the one with this value and id. <see cref="AsOf"/> is the instant up to which
/// unfinished ones have run, the same on every page.
/// </summary>
public sealed record ExecutionOrder(ExecutionSort Sort, bool Descending, DateTimeOffset AsOf)
{
    /// <summary>How many of the newest that match are sorted at most: only the order of acceptance has an index.</summary>
    public const int MostSorted = 100_000;

    /// <summary>Where the page begins; null is the first.</summary>
    public ExecutionPlace? After { get; init; }

    /// <summary>The place of an execution in this order.</summary>
    public string KeyOf(ExecutionSummary execution)
    {
        ArgumentNullException.ThrowIfNull(execution);
        var value = Sort switch
        {
            ExecutionSort.Started => Ticks(execution.StartedAt),
            ExecutionSort.Finished => Ticks(execution.FinishedAt),
            ExecutionSort.Duration => execution.StartedAt is { } start
                ? Whole(((execution.FinishedAt ?? AsOf) - start).Ticks)
                : Whole(0),
            ExecutionSort.Name => execution.Name,
            ExecutionSort.Priority => Whole(execution.Priority),
            _ => "",
        };
        return $"{Whole(AsOf.UtcTicks)}~{execution.Id}~{value}";
    }

    /// <summary>This order from a place of it on; null when the key is none.</summary>
    public ExecutionOrder? From(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (
            key.Split('~', 3) is not [var asOf, var id, var value]
            || !long.TryParse(asOf, NumberStyles.None, CultureInfo.InvariantCulture, out var ticks)
            || ticks > DateTimeOffset.MaxValue.UtcTicks
            || !Guid.TryParseExact(id, "D", out var last)
        )
        {
            return null;
        }

        var number = 0L;
        if (
            Sort is not (ExecutionSort.Name or ExecutionSort.Accepted)
            && !(
                long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number)
                && number >= short.MinValue
                && number <= DateTimeOffset.MaxValue.UtcTicks
            )
        )
        {
            return null;
        }

        return this with
        {
            AsOf = new DateTimeOffset(ticks, TimeSpan.Zero),
            After = new ExecutionPlace(last, value, number),
        };
    }

    internal IQueryable<ExecutionRow> Apply(IQueryable<ExecutionRow> rows)
    {
        if (Sort == ExecutionSort.Accepted)
        {
            if (After is { Id: var last })
            {
                rows = Descending
                    ? rows.Where(e => e.Id.CompareTo(last) < 0)
                    : rows.Where(e => e.Id.CompareTo(last) > 0);
            }

            return Descending ? rows.OrderByDescending(e => e.Id) : rows.OrderBy(e => e.Id);
        }

        rows = rows.OrderByDescending(e => e.Id).Take(MostSorted);
        var asOf = AsOf;
        return Sort switch
        {
            ExecutionSort.Started => By(rows, e => e.StartedAt ?? DateTimeOffset.MinValue, Instant),
            ExecutionSort.Finished => By(rows, e => e.FinishedAt ?? DateTimeOffset.MinValue, Instant),
            ExecutionSort.Duration => By(
                rows,
                e => (e.FinishedAt ?? asOf) - (e.StartedAt ?? e.FinishedAt ?? asOf),
                place => new TimeSpan(place.Number)
            ),
            ExecutionSort.Priority => By(rows, e => e.Priority, place => (short)place.Number),
            _ => By(rows, e => e.Name, place => place.Text),
        };
    }

    private static DateTimeOffset Instant(ExecutionPlace place) =>
        place.Number <= 0 ? DateTimeOffset.MinValue : new DateTimeOffset(place.Number, TimeSpan.Zero);

    private static string Ticks(DateTimeOffset? at) => Whole(at?.UtcTicks ?? 0);

    private static string Whole(long number) => number.ToString(CultureInfo.InvariantCulture);

    // (key, id) behind (value, id of the last), as two conditions: there is no comparison of pairs in LINQ.
    private IQueryable<ExecutionRow> By<TKey>(
        IQueryable<ExecutionRow> rows,
        Expression<Func<ExecutionRow, TKey>> key,
        Func<ExecutionPlace, TKey> value
    )
    {
        if (After is { } place)
        {
            var id = place.Id;
            Expression<Func<ExecutionRow, int>> compareIds = e => e.Id.CompareTo(id);
            var last = Expression.Constant(value(place), typeof(TKey));
            var row = key.Parameters[0];
            var ids = new Swap(compareIds.Parameters[0], row).Visit(compareIds.Body);
            var compared =
                typeof(TKey) == typeof(string)
                    ? Expression.Call(typeof(string), nameof(string.Compare), null, key.Body, last)
                    : null;
            Expression Behind(Expression left, Expression right) =>
                Descending ? Expression.LessThan(left, right) : Expression.GreaterThan(left, right);
            var zero = Expression.Constant(0);
            var behind = Expression.OrElse(
                compared is null ? Behind(key.Body, last) : Behind(compared, zero),
                Expression.AndAlso(Expression.Equal(key.Body, last), Behind(ids, zero))
            );
            rows = rows.Where(Expression.Lambda<Func<ExecutionRow, bool>>(behind, row));
        }

        return Descending
            ? rows.OrderByDescending(key).ThenByDescending(e => e.Id)
            : rows.OrderBy(key).ThenBy(e => e.Id);
    }

    private sealed class Swap(ParameterExpression from, ParameterExpression to) : ExpressionVisitor
    {
        protected override Expression VisitParameter(ParameterExpression node) => node == from ? to : node;
    }
}

/// <summary>The last execution of a page: its id and what the order goes by.</summary>
public sealed record ExecutionPlace(Guid Id, string Text, long Number);
