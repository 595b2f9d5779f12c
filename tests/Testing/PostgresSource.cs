using DotNet.Testcontainers.Builders;
using Testcontainers.PostgreSql;
using Tollgate.LocalServers;

namespace Tollgate.Testing;

/// <summary>Where the Postgres of the tests comes from.</summary>
public enum PostgresSource
{
    /// <summary>The server that <c>TOLLGATE_TEST_POSTGRES</c> names.</summary>
    Named,

    /// <summary>A private server from the local binaries.</summary>
    Local,

    /// <summary>A container that Testcontainers starts.</summary>
    Container,
}

/// <summary>Chooses the source, and starts the container.</summary>
public static class PostgresSources
{
    private const string Image = "postgres:15"; // As in docker-compose.yml.

    /// <param name="setting"><c>TOLLGATE_TEST_POSTGRES</c>: a superuser's connection string, <c>container</c>, or nothing.</param>
    /// <param name="isInstalled">Whether the local binaries exist.</param>
    /// <param name="engineAnswers">Whether a container engine answers. Asked only without local binaries.</param>
    /// <returns>
    /// Without setting, binaries and engine <see cref="PostgresSource.Local"/>, whose start names what to install.
    /// </returns>
    public static PostgresSource Choose(string? setting, Func<bool> isInstalled, Func<bool> engineAnswers) => setting switch
    {
        "container" => PostgresSource.Container,
        { Length: > 0 } => PostgresSource.Named,
        _ => !isInstalled() && engineAnswers() ? PostgresSource.Container : PostgresSource.Local,
    };

    /// <summary>Whether Postgres is installed on this machine.</summary>
    public static bool IsInstalled()
    {
        try
        {
            ServerBinaries.Find("postgres", "postgresql");
            return true;
        }
        catch (MissingServerException)
        {
            return false;
        }
    }

    /// <summary>Whether a container engine answers.</summary>
    public static bool EngineAnswers()
    {
        try
        {
            BuildContainer();
            return true;
        }
        catch (DockerUnavailableException)
        {
            return false;
        }
    }

    /// <summary>
    /// Starts a container and returns the superuser's connection string. Testcontainers removes it after the process has ended.
    /// </summary>
    /// <exception cref="DockerUnavailableException">No container engine answers.</exception>
    public static async Task<string> StartContainerAsync()
    {
        var container = BuildContainer();
        await container.StartAsync();
        return container.GetConnectionString();
    }

    private static PostgreSqlContainer BuildContainer() => new PostgreSqlBuilder(Image)
        .WithUsername("postgres").WithPassword("test").WithDatabase("postgres")
        .WithCommand("-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=200")
        .Build();
}
