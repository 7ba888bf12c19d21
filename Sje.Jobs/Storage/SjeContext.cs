using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;
using Sje.Core.Jobs;
using Sje.Core.Security;

namespace Sje.Jobs.Storage;

/// <summary>
/// EF Core over the schema of <c>migrations/*.sql</c>, for pages and definitions. It writes only jobs and keys; the queue's tables are
/// written by plain SQL elsewhere, and only read here.
/// </summary>
public sealed class SjeContext(DbContextOptions<SjeContext> options) : DbContext(options)
{
    internal DbSet<JobRow> Jobs => Set<JobRow>();

    internal DbSet<JobVersionRow> JobVersions => Set<JobVersionRow>();

    internal DbSet<ExecutionRow> Executions => Set<ExecutionRow>();

    /// <summary>Schedules are written and read elsewhere; executions say which one started them.</summary>
    internal DbSet<ScheduleName> ScheduleNames => Set<ScheduleName>();

    /// <summary>The live and the ended tasks, as one.</summary>
    internal DbSet<TaskRow> Tasks => Set<TaskRow>();

    internal DbSet<AttemptRow> Attempts => Set<AttemptRow>();

    internal DbSet<ApiKeyRow> ApiKeys => Set<ApiKeyRow>();

    /// <inheritdoc/>
    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        configurationBuilder.Properties<ExecutionState>().HaveConversion<SnakeCase<ExecutionState>>();
        configurationBuilder.Properties<TaskState>().HaveConversion<SnakeCase<TaskState>>();
        configurationBuilder.Properties<AttemptOutcome>().HaveConversion<SnakeCase<AttemptOutcome>>();
        configurationBuilder.Properties<Role>().HaveConversion<SnakeCase<Role>>();
    }

    /// <inheritdoc/>
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.HasDefaultSchema("sje");
        modelBuilder.Entity<JobRow>(job =>
        {
            job.ToTable("jobs");
            job.Property(j => j.Spec).HasColumnType("jsonb");
            // Two writers of one name: the later one finds that its version is gone.
            job.Property(j => j.Version).IsConcurrencyToken();
        });
        modelBuilder.Entity<JobVersionRow>(version =>
        {
            version.ToTable("job_versions");
            version.HasKey(v => new { v.JobId, v.Version });
            version.HasOne<JobRow>().WithMany().HasForeignKey(v => v.JobId);
            version.Property(v => v.Spec).HasColumnType("jsonb");
        });
        modelBuilder.Entity<ExecutionRow>(execution =>
        {
            execution.ToTable("executions");
            execution.Property(e => e.Spec).HasColumnType("jsonb");
            execution.Property(e => e.Parameters).HasColumnType("jsonb");
        });
        modelBuilder.Entity<TaskRow>(task =>
        {
            task.ToView("all_tasks").HasKey(t => t.Id);
            task.Property(t => t.Metrics).HasColumnType("jsonb");
            task.Property(t => t.Parts).HasColumnType("jsonb");
            task.Property(t => t.Outputs).HasColumnType("jsonb");
            task.Property(t => t.Preview).HasColumnType("jsonb");
            task.Property(t => t.Error).HasColumnType("jsonb");
        });
        modelBuilder.Entity<AttemptRow>(attempt =>
        {
            attempt.ToView("all_attempts");
            attempt.HasKey(a => new { a.TaskId, a.Number });
            attempt.Property(a => a.Error).HasColumnType("jsonb");
        });
        modelBuilder.Entity<ApiKeyRow>().ToTable("api_keys");
        modelBuilder.Entity<ScheduleName>().ToTable("schedules");
    }

    private sealed class SnakeCase<TState>()
        : ValueConverter<TState, string>(state => state.ToSnake(), text => StateNames.ParseSnake<TState>(text))
        where TState : struct, Enum;
}
