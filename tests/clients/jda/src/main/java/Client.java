import java.util.Map;
import net.dv8tion.jda.api.GatewayEncoding;
import net.dv8tion.jda.api.JDABuilder;
import net.dv8tion.jda.api.events.RawGatewayEvent;
import net.dv8tion.jda.api.hooks.ListenerAdapter;
import net.dv8tion.jda.api.requests.RestConfig;
import net.dv8tion.jda.api.utils.Compression;
import net.dv8tion.jda.api.utils.ConcurrentSessionController;

/** JDA, told where its Discord is. Prints each dispatch as it came. */
public class Client extends ListenerAdapter {
    @Override
    public void onRawGateway(RawGatewayEvent event) {
        System.out.println(event.getPackage().toString());
    }

    public static void main(String[] arguments) {
        Map<String, String> settings = System.getenv();
        String api = settings.get("CLIENT_SCHEME") + "://" + settings.get("CLIENT_API") + "/api/v10/";
        JDABuilder.createLight(settings.get("CLIENT_TOKEN"))
            .setRestConfig(new RestConfig().setBaseUrl(api))
            .setGatewayEncoding(settings.get("CLIENT_ENCODING").equals("etf") ? GatewayEncoding.ETF : GatewayEncoding.JSON)
            .setCompression(settings.get("CLIENT_COMPRESSION").equals("none") ? Compression.NONE : Compression.ZLIB)
            .setSessionController(new ConcurrentSessionController() {
                @Override
                public String getGateway() { // without it: Discord's own, whatever GET /gateway says
                    return settings.get("CLIENT_GATEWAY") + "/";
                }
            })
            .setRawEventsEnabled(true)
            .addEventListeners(new Client())
            .build();
    }
}
