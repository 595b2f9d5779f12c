using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Tests.OpenAi;

public sealed class EmbeddingRequestTests
{
    [Theory]
    [InlineData("\"Once\"", 4, 0, 1)]
    [InlineData("[\"a\",\"bc\"]", 3, 0, 2)]
    [InlineData("[5,6,7]", 0, 3, 1)]
    [InlineData("[[5],[6,0]]", 0, 3, 2)]
    public void TryParse_reads_inputs_in_all_four_forms(string input, int bytes, int tokens, int inputs)
    {
        var embedding = Parse.EmbeddingOf(input);

        Assert.Equal(new PromptSize(bytes, tokens, Messages: 0, inputs), embedding.Size);
        Assert.Equal(inputs, embedding.Inputs.Count);
        Assert.Null(embedding.MaxOutput);
    }

    [Fact]
    public void TryParse_takes_2048_inputs()
    {
        var embedding = Parse.EmbeddingOf($"[{string.Join(',', Enumerable.Repeat("\"x\"", 2048))}]");

        Assert.Equal(2048, embedding.Size.Prompts);
    }

    [Theory]
    [InlineData("", false, null)]
    [InlineData("\"encoding_format\":\"float\",\"dimensions\":384", false, 384)]
    [InlineData("\"encoding_format\":\"base64\",\"user\":\"u\"", true, null)]
    [InlineData("\"encoding_format\":null,\"dimensions\":null,\"user\":null", false, null)]
    public void TryParse_reads_the_form_of_the_answer(string members, bool base64, int? dimensions)
    {
        var embedding = Parse.Embedding(members);

        Assert.Equal((base64, dimensions), (embedding.Base64, embedding.Dimensions));
    }
}
