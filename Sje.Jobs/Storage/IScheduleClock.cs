using Npgsql;

namespace Sje.Jobs.Storage;

/// <summary>What time it is to schedules.</summary>
public interface IScheduleClock
{
    /// <summary>The time now. The connection is open, and may be in a transaction.</summary>
    Task<DateTimeOffset> NowAsync(NpgsqlConnection connection, CancellationToken stop);
}

/// <summary>The database's clock, which all processes share: no clock of a machine decides what is due.</summary>
internal sealed class DatabaseClock : IScheduleClock
{
    /// <inheritdoc/>
    public async Task<DateTimeOffset> NowAsync(NpgsqlConnection connection, CancellationToken stop)
    {
        await using var command = new NpgsqlCommand("select clock_timestamp()", connection);
        await using var row = await command.ExecuteReaderAsync(stop);
        await row.ReadAsync(stop);
        return row.GetFieldValue<DateTimeOffset>(0);
    }
}
