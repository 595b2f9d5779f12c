using Tollgate.Testing;

namespace Tollgate.LocalServers.Tests;

public sealed class PostgresSourceTests
{
    [Theory]
    [InlineData("Host=db;Username=postgres", false, true, PostgresSource.Named)]
    [InlineData("container", true, false, PostgresSource.Container)]
    [InlineData(null, true, true, PostgresSource.Local)]
    [InlineData("", false, true, PostgresSource.Container)]
    [InlineData(null, false, true, PostgresSource.Container)]
    [InlineData(null, false, false, PostgresSource.Local)] // Its start names what to install.
    public void Choose_takes_the_setting_then_the_installed_server_then_a_container(
        string? setting, bool isInstalled, bool engineAnswers, PostgresSource expected)
    {
        Assert.Equal(expected, PostgresSources.Choose(setting, () => isInstalled, () => engineAnswers));
    }

    [Fact]
    public void Choose_does_not_look_for_an_engine_where_Postgres_is_installed()
    {
        Assert.Equal(PostgresSource.Local, PostgresSources.Choose(null, () => true, () => throw new InvalidOperationException()));
    }
}
