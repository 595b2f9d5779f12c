using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Newtonsoft.Json;
using NSwag.CodeGeneration.CSharp;
using Tollgate.Contracts.Metering;
using Tollgate.Gateway.Endpoints;
using Tollgate.Gateway.Tests.Calls;
using Tollgate.Gateway.Tests.Harness;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Gateway.Tests.OpenApi;

/// <summary>A C# client that NSwag generates from the document compiles and calls the gateway.</summary>
public sealed class GeneratedClientTests(SharedGateway shared) : IClassFixture<SharedGateway>
{
    private GatewayUnderTest Gateway => shared.Gateway;

    [Fact]
    public async Task A_generated_client_compiles_lists_models_chats_and_reads_an_error()
    {
        Gateway.Worker.Script = call => call.AnswerAsync(ChatExamples.Answer.Json, new Units(21, Output: 7));
        var key = await Gateway.CreateKeyAsync();
        var generated = await CompileAsync();
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Authorization = key.Bearer;
        dynamic client = Activator.CreateInstance(generated.GetType("Generated.TollgateClient", throwOnError: true)!, http)!;
        dynamic question = JsonConvert.DeserializeObject(
            ChatExamples.Question.Json, generated.GetType("Generated.ChatCompletionRequest", throwOnError: true)!)!;

        var models = await client.ListModelsAsync();
        var answer = await client.CreateChatCompletionAsync("once", question);
        var error = await Assert.ThrowsAnyAsync<Exception>(async () => await client.RetrieveModelAsync("no-such-model"));

        Assert.Equal(5, (int)models.Data.Count);
        Assert.Equal("What is the capital of France?", (string)((IEnumerable<dynamic>)question.Messages).Single().Content);
        Assert.Contains("What is the capital of France?", Assert.Single(Gateway.Worker.Calls).Body, StringComparison.Ordinal);
        Assert.Equal("The capital of France is Paris.", (string)((IEnumerable<dynamic>)answer.Choices).Single().Message.Content);
        Assert.Equal(28, (int)answer.Usage.Total_tokens);
        Assert.Equal("model_not_found", (string)((dynamic)error).Result.Error.Code);
    }

    /// <summary>The generated client, with the address that the document names.</summary>
    private async Task<Assembly> CompileAsync()
    {
        var document = await NSwag.OpenApiDocument.FromJsonAsync(await Gateway.Http.GetStringAsync("/openapi/v1.json"));
        var code = new CSharpClientGenerator(document, new CSharpClientGeneratorSettings
        {
            ClassName = "TollgateClient",
            CSharpGeneratorSettings = { Namespace = "Generated", GenerateNullableReferenceTypes = true },
        }).GenerateFile();
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Select(path => MetadataReference.CreateFromFile(path));
        var compilation = CSharpCompilation.Create(
            "Generated", [CSharpSyntaxTree.ParseText(code)], references,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));
        using var assembly = new MemoryStream();

        var result = compilation.Emit(assembly);

        Assert.Empty(result.Diagnostics.Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning));
        Assert.Equal(Gateway.App.Url(ListenerKind.Public), document.BaseUrl);
        return Assembly.Load(assembly.ToArray());
    }
}
