using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Tests.OpenAi;

public sealed class ModelSourcesTests
{
    [Fact]
    public void Every_task_has_a_source() => Assert.All(
        PublicEndpoint.All.Select(endpoint => endpoint.Task).OfType<Contracts.Metering.ModelTask>(),
        task => Assert.True(ModelSources.Has(task), $"{task.Name} is not in the table"));

    [Fact]
    public void Every_endpoint_that_runs_a_model_says_in_a_few_words_how_to_get_one() => Assert.All(
        PublicEndpoint.All.Where(endpoint => endpoint.Task is not null),
        endpoint =>
        {
            var how = ModelSources.HowToInstall(endpoint);

            Assert.InRange(how.Length, 50, 500);
            Assert.Contains(ModelSources.Command, how, StringComparison.Ordinal);
            Assert.Equal(endpoint.DefaultModel is not null, how.Contains($"the alias '{endpoint.DefaultModel}'", StringComparison.Ordinal));
        });

    [Fact]
    public void An_endpoint_that_runs_no_model_needs_none() => Assert.Null(ModelSources.FolderOf(PublicEndpoint.Models));
}
