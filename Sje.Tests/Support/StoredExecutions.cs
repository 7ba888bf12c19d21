using Microsoft.Extensions.DependencyInjection;
using Sje.Jobs.Storage;

namespace Sje.Tests.Support;

/// <summary>Readers of a test's database, without a host around them.</summary>
internal static class StoredExecutions
{
    public static ExecutionReader Of(Database database) =>
        new ServiceCollection()
            .AddLogging()
            .AddSingleton(database)
            .AddSjeStorage()
            .BuildServiceProvider()
            .GetRequiredService<ExecutionReader>();
}
