using Sje.Jobs.Storage;
using Sje.Tests.Support;

namespace Sje.Tests.Integration.Storage;

public class MigratorTests(TestDatabase db) : IClassFixture<TestDatabase>
{
    [Fact]
    public async Task Migrating_again_from_many_processes_at_once_runs_nothing_twice()
    {
        var ran = await Task.WhenAll(
            Enumerable.Range(0, 4).Select(_ => Migrator.MigrateAsync(db.ConnectionString, CancellationToken.None))
        );

        Assert.All(ran, Assert.Empty);
        Assert.Empty(Migrator.Pending(db.ConnectionString));
    }

    [Fact]
    public async Task Hangfire_has_its_schema_in_the_same_database()
    {
        await using var command = db.Database.Main.CreateCommand("select count(*) from hangfire.job");
        Assert.Equal(0L, await command.ExecuteScalarAsync());
    }
}
