using Npgsql;
using Sje.Jobs.Storage;

namespace Sje.Jobs.Queueing;

/// <summary>
/// Tells PostgreSQL when the table of live tasks has grown from nearly nothing. The statements of the queue are planned once, and a plan that was
/// made while the table was empty may go through all of it for each task of a batch (ends of 20,000 tasks at 160 a second instead of 8,000, until
/// the server looked at the table by itself, a minute later). Looking at it makes every session plan anew.
/// </summary>
internal sealed class TableGrowth(Database database)
{
    // Less does not fill a hundred pages.
    private const int TasksBetweenLooks = 500;

    // What the last ANALYZE or VACUUM found, against what there is; both in pages.
    private const string HasGrown = """
        select pg_relation_size(oid) / current_setting('block_size')::int > 2 * greatest(relpages, 0) + 50
        from pg_class where oid = 'sje.tasks'::regclass
        """;

    private const string Look = "analyze sje.tasks, sje.executions";

    private int added;
    private int looking;

    /// <summary>So many tasks were added. Returns at once; what is to be done goes on beside.</summary>
    public void Add(int tasks)
    {
        if (Interlocked.Add(ref added, tasks) >= TasksBetweenLooks && Interlocked.Exchange(ref looking, 1) == 0)
        {
            Interlocked.Exchange(ref added, 0);
            _ = Task.Run(LookAsync);
        }
    }

    private async Task LookAsync()
    {
        try
        {
            await using var ask = database.Main.CreateCommand(HasGrown);
            if (await ask.ExecuteScalarAsync() is true)
            {
                await using var look = database.Main.CreateCommand(Look);
                await look.ExecuteNonQueryAsync();
            }
        }
        catch (Exception e) when (e is NpgsqlException or ObjectDisposedException or InvalidOperationException)
        {
            // It is done by the server itself a little later.
        }
        finally
        {
            Interlocked.Exchange(ref looking, 0);
        }
    }
}
