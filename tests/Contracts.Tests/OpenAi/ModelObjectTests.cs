using System.Text;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Tests.OpenAi;

public sealed class ModelObjectTests
{
    private static readonly ModelObject Model = new("tiny-assistant", DateTimeOffset.FromUnixTimeSeconds(1_700_000_000), "tollgate");

    [Fact]
    public void ToJson_writes_a_model_and_a_list()
    {
        const string One = """{"id":"tiny-assistant","object":"model","created":1700000000,"owned_by":"tollgate"}""";

        Assert.Equal(One, Encoding.UTF8.GetString(Model.ToJson()));
        Assert.Equal($$"""{"object":"list","data":[{{One}},{{One}}]}""", Encoding.UTF8.GetString(ModelObject.ToJson([Model, Model])));
        Assert.Equal("""{"object":"list","data":[]}""", Encoding.UTF8.GetString(ModelObject.ToJson([])));
    }
}
