using System.Globalization;
using System.Text;
using Microsoft.Extensions.Configuration;
using Tollgate.Cli.Catalogue;
using Tollgate.Cli.Commands;

namespace Tollgate.Cli.Tests.Catalogue;

public sealed class CatalogueTests
{
    private const string Sound = """
        {"id":"tiny","title":"Tiny","task":"embeddings","licence":"MIT","licence_url":"https://example.com/l",
        "source":"npm:@acme/tiny@1.2.3","bytes":5,"integrity":"INTEGRITY","files":[{"name":"model.onnx","from":"m/model.onnx","bytes":5}],
        "prices":{"inputPerMillion":0.02}}
        """;

    private static readonly string Integrity = RegistryServer.IntegrityOf([1]);

    [Fact]
    public void The_shipped_catalogue_is_sound_and_names_models_of_every_kind_of_source()
    {
        var catalogue = ModelCatalogue.Load(new ConfigurationBuilder().Build());

        Assert.Equal(
            ["hf", "npm", "nuget"], catalogue.Models.Select(model => model.Source[..model.Source.IndexOf(':', StringComparison.Ordinal)])
                .Distinct().Order(StringComparer.Ordinal));
        Assert.All(catalogue.Models, model => Assert.NotNull(model.ToOrder(model.Id)));
    }

    [Theory]
    [InlineData("\"id\":\"tiny\"", "\"id\":\"Tiny/..\"", "The id cannot name a model")]
    [InlineData("\"id\":\"tiny\"", "\"id\":\"tiny\",\"run\":\"rm\"", "is not a catalogue of models")]
    [InlineData("\"id\":\"tiny\",", "", "is not a catalogue of models")]
    [InlineData("embeddings", "divination", "There is no task 'divination'")]
    [InlineData("MIT", "see website", "is no SPDX identifier")]
    [InlineData("https://example.com/l", "http://example.com/l", "licence_url is not an https URL")]
    [InlineData("npm:@acme/tiny@1.2.3", "npm:@acme/tiny@latest", "source is not npm:NAME@VERSION")]
    [InlineData("npm:@acme/tiny@1.2.3", "npm:../tiny@1.2.3", "source is not npm:NAME@VERSION")]
    [InlineData("npm:@acme/tiny@1.2.3", "hf:acme/tiny@main", "source is not npm:NAME@VERSION")]
    [InlineData("npm:@acme/tiny@1.2.3", "hf:acme/tiny@0123456789abcdef0123456789abcdef01234567", "belong to each file of the hub")]
    [InlineData("\"bytes\":5,\"integrity\"", "\"bytes\":0,\"integrity\"", "the size of the package, is missing")]
    [InlineData("INTEGRITY", "sha1-abc", "integrity is not the package's sha512")]
    [InlineData("\"name\":\"model.onnx\"", "\"name\":\"../model.onnx\"", "is not a plain name of a file")]
    [InlineData("m/model.onnx", "../model.onnx", "The file 'model.onnx' needs either")]
    [InlineData("m/model.onnx", "/etc/passwd", "The file 'model.onnx' needs either")]
    [InlineData("\"bytes\":5}", "\"sha256\":\"00\"}", "The file 'model.onnx' needs either")]
    [InlineData("\"bytes\":5}", "\"bytes\":5},{\"name\":\"MODEL.onnx\",\"json\":{}}", "Two files have one name")]
    [InlineData("\"bytes\":5}", "\"bytes\":5},{\"name\":\"b\",\"from\":\"m/model.onnx\",\"bytes\":5}", "Two files come from one path")]
    [InlineData("\"bytes\":5}", "\"bytes\":5},{\"name\":\"t\",\"vocabulary\":\"words\"}", "The file 't' needs either")]
    [InlineData("inputPerMillion", "perHour", "There is no price 'perHour'")]
    [InlineData("inputPerMillion", "perImage", "inputPerMillion: Name a price")]
    [InlineData("\"prices\"", "\"import\":{\"file\":\"other\"},\"prices\"", "There is no file 'other' to import")]
    public void A_wrong_entry_is_refused_in_words(string part, string other, string reason)
    {
        Assert.Single(Read(Sound).Models);

        var refusal = Assert.Throws<OperatorException>(() => Read(Sound.Replace(part, other, StringComparison.Ordinal)));

        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_entries_of_one_id_are_refused() =>
        Assert.Contains(
            "two entries 'tiny'", Assert.Throws<OperatorException>(() => Read($"{Sound},{Sound}")).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("tyni", "Did you mean tiny?")]
    [InlineData("TINY-2", "Did you mean tiny?")]
    [InlineData("something-else", "The catalogue has no 'something-else'. All of them: ./tollgate models catalogue")]
    public void An_unknown_id_is_answered_with_those_that_are_near(string id, string answer) =>
        Assert.Contains(answer, Assert.Throws<OperatorException>(() => Read(Sound).Find(id)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("y", true)]
    [InlineData("yes", true)]
    [InlineData("n", false)]
    [InlineData("", false)]
    public async Task A_licence_is_accepted_by_a_yes_alone(string answer, bool accepted)
    {
        using var output = new StringWriter(CultureInfo.InvariantCulture);
        using var answers = new StringReader($"{answer}\n");

        var asked = new LicenceQuestion(answers, output).AskAsync(Read(Sound).Find("tiny"), accepted: false, CancellationToken.None);
        var refused = await Record.ExceptionAsync(() => asked);

        Assert.Equal(accepted, refused is null);
        Assert.Equal("Install it under the licence MIT? [y/N] ", output.ToString());
    }

    [Fact]
    public void Registries_are_those_of_the_settings_then_of_the_machine_then_the_public_ones()
    {
        var home = Directory.CreateTempSubdirectory("tollgate-home-").FullName;
        var npm = PackageName.Find("npm:@acme/tiny@1.2.3")!;
        var nuget = PackageName.Find("nuget:Acme.Tiny@1.2.3")!;
        string Address(PackageName package, string? setting = null) => Registries.Open(
            package,
            new ConfigurationBuilder().AddInMemoryCollection(
                new Dictionary<string, string?> { [$"Registries:{package.Registry}"] = setting }).Build(),
            home).Address.AbsoluteUri;

        var (publicNpm, publicNuGet) = (Address(npm), Address(nuget));
        File.WriteAllText(Path.Combine(home, ".npmrc"), "; mirror\nregistry=https://npm.example.com\n");
        var mirrored = Address(npm);
        File.AppendAllText(Path.Combine(home, ".npmrc"), "@acme:registry = \"https://acme.example.com/npm/\"\n");
        Directory.CreateDirectory(Path.Combine(home, ".nuget", "NuGet"));
        File.WriteAllText(
            Path.Combine(home, ".nuget", "NuGet", "NuGet.Config"),
            """
            <configuration><packageSources><add key="local" value="/srv/packages" />
            <add key="mirror" value="https://nuget.example.com/v3/index.json" /></packageSources></configuration>
            """);

        Assert.Equal(("https://registry.npmjs.org/", "https://api.nuget.org/v3/index.json"), (publicNpm, publicNuGet));
        Assert.Equal("https://npm.example.com/", mirrored);
        Assert.Equal("https://acme.example.com/npm/", Address(npm));
        Assert.Equal("https://nuget.example.com/v3/index.json", Address(nuget));
        Assert.Equal("https://own.example.com/", Address(npm, "https://own.example.com"));
        Assert.Throws<OperatorException>(() => Address(nuget, "ftp://own.example.com"));
        Directory.Delete(home, recursive: true);
    }

    private static ModelCatalogue Read(string entries) => ModelCatalogue.Read(
        new MemoryStream(Encoding.UTF8.GetBytes(
            $$"""{"models":[{{entries.Replace("INTEGRITY", Integrity, StringComparison.Ordinal)}}]}""")),
        "test");
}
